"""The image's tag: what changes it, what does not, and that it knows all that is in the image."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from infrastructure import get_image_tag
from infrastructure.get_image_tag import (
    IGNORED,
    ROOT,
    SOURCES,
    SourceError,
    content_hash,
    context_files,
    image_tag,
)
from infrastructure.local import paths
from tests.infrastructure.dockerignore import DockerIgnore

type Tree = dict[str, bytes]

BASE, PLATFORM = "base:1", "linux/arm64"
NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
LEAST: Tree = {
    "Dockerfile": b"ARG BASE_IMAGE=base:1\n",
    "authorizer.py": b"",
    "main.py": b"",
    "pyproject.toml": b"",
    "uv.lock": b"",
    "handlers/a.py": b"a = 1\n",
    "models/a.py": b"",
    "services/a.py": b"",
    "utils/a.py": b"",
}

some_names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8
)
left_out = ["__pycache__", "a.pyc", "a.pyd", "a.py~", ".a.py.swp", "a.swp", ".#a.py", "#a.py#", ".DS_Store"]
left_out += ["x.swé", ".pyc", "~", "##", ".sw?"]
almost_left_out = [
    "py",
    "#",
    "#a",
    "a#",
    "x.sw",
    "x.swab",
    ".hidden",
    ".well-known",
    "UV.lock",
    "a.py",
    "b.json",
]
telling_names = st.sampled_from(left_out + almost_left_out)
names = st.one_of(telling_names, some_names).filter(
    lambda name: name not in {".", ".."} and len(os.fsencode(name)) < 200
)
folders = st.sampled_from(
    ["", "handlers/", "models/", "services/", "utils/", "tests/", "docs/", "infrastructure/"]
)
relative_paths = st.builds(
    lambda folder, parts: folder + "/".join(parts), folders, st.lists(names, min_size=1, max_size=3)
)
trees = st.dictionaries(relative_paths, st.binary(max_size=16), max_size=12)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def write(root: Path, tree: Tree) -> None:
    """Makes the files of ``tree`` below ``root``; for hypothesis, none may also be another's folder."""
    for path, content in tree.items():
        file = root / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            reject()


def hash_of(tree: Tree) -> str:
    """The hash of a tree of the least files and these."""
    with TemporaryDirectory() as folder:
        write(Path(folder), LEAST | tree)
        return content_hash(BASE, PLATFORM, Path(folder))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the least that an image is made of."""
    write(tmp_path, LEAST)
    return tmp_path


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
        assert sorted(context_files(Path(folder))) == docker_ignore.context(Path(folder))


def test_the_docker_ignore_file_names_the_sources_and_what_is_left_out_of_them() -> None:
    lines = [line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    allowed = sorted(f"!{source.rstrip('/')}" for source in SOURCES)
    assert patterns[0] == "*"
    assert sorted(line for line in patterns if line.startswith("!")) == allowed
    assert set(patterns[len(allowed) + 1 :]) == set(IGNORED)


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
    assert hash_of({"handlers/a": b"xy", "handlers/b": b""}) != hash_of(
        {"handlers/a": b"x", "handlers/b": b"y"}
    )
    assert hash_of({"handlers/ab": b"x"}) != hash_of({"handlers/a": b"bx"})


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
        "utils/.DS_Store",
        "README.md",
        "tests/test_a.py",
        "docs/a.md",
        "infrastructure/program.py",
        ".env",
        ".dockerignore",
        "handlers.py",
    ],
)
def test_what_is_not_in_the_image_does_not_matter(path: str) -> None:
    assert hash_of({path: b"x"}) == hash_of({})


@pytest.mark.parametrize(
    "path", ["handlers/page.html", "handlers/.well-known/a.json", "utils/deep/er/a", "models/py"]
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
    os.mkfifo(root / "handlers" / "pipe")
    with pytest.raises(SourceError, match="handlers/pipe"):
        context_files(root)


# The tag


def tag(previous: str | None, root: Path, *, force: bool = False, now: datetime = NOON) -> str:
    """The tag of the tree at ``root``."""
    return image_tag(previous, force, now, base_image=BASE, platform=PLATFORM, root=root)


def test_a_tag_is_a_utc_timestamp_and_eight_digits_of_the_hash(root: Path) -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert tag(None, root, now=east) == f"20260131-120000-{content_hash(BASE, PLATFORM, root)[:8]}"


def test_the_same_content_keeps_the_whole_tag(root: Path) -> None:
    first = tag(None, root)
    assert tag(first, root, now=NOON + timedelta(days=400)) == first


def test_other_content_gets_a_tag_of_its_own_time(root: Path) -> None:
    first = tag(None, root)
    (root / "handlers/a.py").write_text("changed")
    second = tag(first, root, now=NOON + timedelta(minutes=1))
    assert second.startswith("20260131-120100-")
    assert second[-8:] != first[-8:]


def test_force_makes_a_new_tag_of_the_same_content_even_within_the_same_second(root: Path) -> None:
    first = tag(None, root)
    second = tag(first, root, force=True)
    assert second != first
    assert second[-8:] == first[-8:]


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_tags_sort_in_the_order_of_releases_whatever_the_clocks_say(now: datetime) -> None:
    first = get_image_tag.tag_of("a" * 32, None, now=NOON)
    assert get_image_tag.tag_of("b" * 32, first, now=now) > first


@pytest.mark.parametrize("previous", [None, "", "latest", "20260131-120000-0000000"])
def test_a_tag_that_is_none_of_ours_is_not_kept(root: Path, previous: str | None) -> None:
    assert tag(previous, root).startswith("20260131-120000-")


# Its surroundings


def run_alone(*arguments: str, script: Path | None = None, **environment: str) -> str:
    """What the script prints when nothing but the standard library can be imported."""
    script = script or ROOT / "infrastructure" / "get_image_tag.py"
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env=os.environ | environment,
    ).stdout.strip()


def test_run_alone_it_prints_the_tag_of_its_own_checkout(root: Path) -> None:
    script = root / "infrastructure" / "get_image_tag.py"
    script.parent.mkdir()
    shutil.copy(get_image_tag.__file__, script)
    timestamp, content = run_alone(script=script, PSN_EMULATOR_CACHE=str(root / "no-cache")).rsplit("-", 1)
    assert datetime.strptime(timestamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert content == content_hash(BASE, get_image_tag.host_platform(), root)[:8]


def test_run_alone_it_prints_the_tags_parts(root: Path) -> None:
    arguments = ["--base-image", "b", "--platform", "p", "--root", str(root)]
    parts = json.loads(run_alone("--json", *arguments))
    assert parts["tag"] == f"{parts['timestamp']}-{parts['hash']}"
    assert parts["hash"] == content_hash("b", "p", root)[:8] == run_alone("--hash", *arguments)
    assert (parts["base_image"], parts["platform"]) == ("b", "p")
    assert parts["files"] == sorted(LEAST) == run_alone("--files", *arguments).splitlines()


def test_run_alone_it_fails_in_one_line(root: Path) -> None:
    (root / "uv.lock").unlink()
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run_alone("--root", str(root))
    assert failed.value.returncode == 1
    assert failed.value.stdout == ""
    assert failed.value.stderr.splitlines() == [
        f"get_image_tag: uv.lock is missing from {root}, or is not a plain file"
    ]


def test_the_base_image_is_what_set_up_recorded_else_the_docker_files(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSN_EMULATOR_CACHE", str(tmp_path / "cache"))
    assert get_image_tag.recorded_base_image(root) == BASE
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "base-image").write_text("stand-in:1\n")
    assert get_image_tag.recorded_base_image(root) == "stand-in:1"
    (tmp_path / "cache" / "base-image").write_text("\n")
    assert get_image_tag.recorded_base_image(root) == BASE


def test_without_a_docker_file_there_is_no_base_image(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Dockerfile"):
        get_image_tag.default_base_image(tmp_path)


def test_a_docker_file_that_names_no_base_image_means_lambdas_own(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    assert get_image_tag.default_base_image(tmp_path) == get_image_tag.OFFICIAL_BASE_IMAGE


@pytest.mark.parametrize("environment", [{}, {"XDG_CACHE_HOME": "/x"}, {"PSN_EMULATOR_CACHE": "/y"}])
def test_it_looks_for_the_record_where_set_up_writes_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name in ("XDG_CACHE_HOME", "PSN_EMULATOR_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert get_image_tag._cache() == paths.cache()


@pytest.mark.parametrize(
    ("machine", "expected"), [("x86_64", "linux/amd64"), ("AMD64", "linux/amd64"), ("aarch64", "linux/arm64")]
)
def test_the_platform_is_this_machines(monkeypatch: pytest.MonkeyPatch, machine: str, expected: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert get_image_tag.host_platform() == expected


def test_a_machine_that_lambda_does_not_run_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SourceError, match="riscv64"):
        get_image_tag.host_platform()
