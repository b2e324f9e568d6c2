"""The hash of the image's content: what changes it, what does not, and that it knows all that is in the image."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.get_image_tag import KINDS, ROOT, SOURCES, SourceError, content_hash, context_files
from tests.support.dockerignore import DockerIgnore
from tests.support.trees import BASE, LEAST, PLATFORM, Tree, hash_of, quick, run_alone, trees, write


@pytest.fixture(scope="module")
def docker_ignore() -> DockerIgnore:
    """The project's ``.dockerignore``."""
    return DockerIgnore((ROOT / ".dockerignore").read_text())


# What is hashed and what is sent


def test_the_projects_build_context_is_what_its_tag_is_a_hash_of(docker_ignore: DockerIgnore) -> None:
    tracked = subprocess.run(["git", "ls-files", "-co"], cwd=ROOT, capture_output=True, text=True, check=True)
    there = [path for path in tracked.stdout.splitlines() if (ROOT / path).is_file()]
    assert context_files() == sorted(path for path in there if docker_ignore.sends(path))


@quick
@given(trees)
def test_docker_is_sent_the_hashed_files_and_no_other(tree: Tree) -> None:
    docker_ignore = DockerIgnore((ROOT / ".dockerignore").read_text())
    with TemporaryDirectory() as folder:
        write(Path(folder), LEAST | tree)
        sent = docker_ignore.context(Path(folder))
        # What has no extension cannot be told from a folder there; the Dockerfile deletes it.
        in_image = [path for path in sent if path in SOURCES or "." in path.rpartition("/")[2]]
        assert sorted(context_files(Path(folder))) == in_image


def test_the_docker_ignore_file_names_the_sources_and_what_is_left_out_of_them() -> None:
    lines = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    folders = sorted(source for source in SOURCES if source.endswith("/"))
    allowed = sorted(f"!{source.rstrip('/')}" for source in SOURCES)
    assert patterns[0] == "*"
    assert sorted(patterns[1 : len(allowed) + 1]) == allowed
    kinds = [
        line
        for folder in folders
        for line in (f"{folder}**/*.*", *(f"!{folder}**/*{kind}" for kind in KINDS))
    ]
    assert patterns[len(allowed) + 1 :] == [*kinds, "**/.*", "**/*.*/**", "**/__pycache__"]


def test_every_file_that_the_docker_file_copies_is_hashed() -> None:
    copied = {
        source.rstrip("/")
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from=" not in line
        for source in line.split()[1:-1]
    }
    assert copied
    assert copied <= {source.rstrip("/") for source in SOURCES}


# What the hash knows


@quick
@given(trees, trees)
def test_two_trees_have_one_hash_only_when_their_sources_are_the_same(one: Tree, other: Tree) -> None:
    def sources(tree: Tree) -> dict[str, bytes]:
        with TemporaryDirectory() as folder:
            write(Path(folder), LEAST | tree)
            return {path: (Path(folder) / path).read_bytes() for path in context_files(Path(folder))}

    assert (hash_of(one) == hash_of(other)) == (sources(one) == sources(other))


@given(st.sampled_from(sorted(LEAST)), st.binary(min_size=1, max_size=8))
def test_every_byte_of_every_source_is_in_the_hash(path: str, more: bytes) -> None:
    assert hash_of({path: LEAST[path] + more}) != hash_of({})


def test_content_that_moves_from_one_file_to_the_next_changes_the_hash() -> None:
    assert hash_of({"handlers/a.py": b"xy", "handlers/b.py": b""}) != hash_of(
        {"handlers/a.py": b"x", "handlers/b.py": b"y"}
    )
    assert hash_of({"handlers/a.py.py": b"x"}) != hash_of({"handlers/a.py": b".pyx"})


def test_content_of_any_size_is_read_to_its_end(root: Path) -> None:
    size = 3 * 65536
    hashes = set()
    for length in (0, 1, 65535, 65536, 65537, size - 1, size):
        (root / "handlers/a.py").write_bytes(b"x" * length)
        hashes.add(content_hash(BASE, PLATFORM, root))
    (root / "handlers/a.py").write_bytes(b"x" * (size - 1) + b"y")
    hashes.add(content_hash(BASE, PLATFORM, root))
    assert len(hashes) == 8


@pytest.mark.parametrize(("base_image", "platform"), [("base:2", PLATFORM), (BASE, "linux/amd64")])
def test_build_arguments_that_reach_the_image_are_in_the_hash(
    root: Path, base_image: str, platform: str
) -> None:
    assert content_hash(base_image, platform, root) != content_hash(BASE, PLATFORM, root)


def test_build_arguments_are_not_mistaken_for_one_another(root: Path) -> None:
    assert content_hash("a", "bc", root) != content_hash("ab", "c", root)


def test_line_endings_are_content_like_any_other() -> None:
    assert hash_of({"handlers/a.py": b"a\r\n"}) != hash_of({"handlers/a.py": b"a\n"})


def test_a_symbolic_link_counts_as_the_path_it_holds_and_not_as_a_file(root: Path) -> None:
    link = root / "handlers" / "b.py"
    link.symlink_to("a.py")
    to_one = content_hash(BASE, PLATFORM, root)
    link.unlink()
    link.symlink_to("c.py")
    to_another = content_hash(BASE, PLATFORM, root)
    link.unlink()
    link.write_text("a.py")
    assert len({to_one, to_another, content_hash(BASE, PLATFORM, root)}) == 3


# What the hash does not know


def test_file_times_permissions_and_folder_order_do_not_matter(root: Path, tmp_path: Path) -> None:
    before = content_hash(BASE, PLATFORM, root)
    paths_ = [root / path for path in LEAST]
    paths_.reverse()
    contents = {path: path.read_bytes() for path in paths_}
    for path in paths_:
        path.unlink()
    for age, path in enumerate(paths_):
        path.write_bytes(contents[path])
        os.utime(path, (age, age))
        path.chmod(0o755 if age % 2 else 0o600)
    assert content_hash(BASE, PLATFORM, root) == before


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1"])
def test_the_locale_does_not_matter(root: Path, locale: str) -> None:
    (root / "handlers" / "ätna.py").write_text("é")
    (root / "handlers" / "Zebra.py").write_text("")
    arguments = ["--hash", "--base-image", BASE, "--platform", PLATFORM, "--root", str(root)]
    answer = run_alone(*arguments, LC_ALL=locale, LANG=locale)
    assert answer == content_hash(BASE, PLATFORM, root)[:8]


@pytest.mark.parametrize(
    "path",
    [
        "handlers/__pycache__/a.cpython-313.pyc",
        "handlers/a.pyc",
        "handlers/deep/.a.py.swp",
        "handlers/a.py~",
        "handlers/.#a.py",
        "handlers/#a.py#",
        "utils/.env",
        "utils/key.pem",
        "services/.mypy_cache/3.13/a.json",
        "services/a.egg-info/top_level.py",
        "services/tags",
        "handlers/.well-known/a.json",
        "utils/.DS_Store",
        "README.md",
        "tests/test_a.py",
        "docs/a.md",
        "infrastructure/program/stack.py",
        ".env",
        ".dockerignore",
        "handlers.py",
    ],
)
def test_what_is_not_in_the_image_does_not_matter(path: str) -> None:
    assert hash_of({path: b"x"}) == hash_of({})


@pytest.mark.parametrize(
    "path", ["handlers/page.html", "handlers/well-known/a.json", "utils/deep/er/a.py", "models/-.js"]
)
def test_any_other_file_in_a_source_folder_does(path: str) -> None:
    assert hash_of({path: b""}) != hash_of({})


# What is not to be hashed


@pytest.mark.parametrize("source", SOURCES)
def test_a_missing_source_is_an_error(root: Path, source: str) -> None:
    path = root / source
    shutil.rmtree(path) if source.endswith("/") else path.unlink()
    with pytest.raises(SourceError, match=source.rstrip("/")):
        context_files(root)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_that_is_a_link_to_elsewhere_is_an_error(root: Path, tmp_path: Path, source: str) -> None:
    path = root / source.rstrip("/")
    path.rename(root / "elsewhere")
    path.symlink_to("elsewhere")
    with pytest.raises(SourceError, match=source.rstrip("/")):
        content_hash(BASE, PLATFORM, root)


def test_a_file_where_a_folder_belongs_is_an_error(root: Path) -> None:
    shutil.rmtree(root / "models")
    (root / "models").write_text("")
    with pytest.raises(SourceError, match="models"):
        context_files(root)


def test_what_is_neither_file_nor_folder_is_an_error(root: Path) -> None:
    os.mkfifo(root / "handlers" / "pipe.py")
    with pytest.raises(SourceError, match=r"handlers/pipe\.py"):
        context_files(root)


def test_a_name_that_is_not_utf_8_is_an_error_that_shows_it(root: Path) -> None:
    (root / "handlers" / os.fsdecode(b"caf\xe9.py")).write_text("")
    with pytest.raises(SourceError, match=r"handlers/caf\\udce9.py' is not UTF-8"):
        context_files(root)
