"""Source trees: the least that an image is made of, and any others."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, reject, settings
from hypothesis import strategies as st

from infrastructure.get_image_tag import ROOT, content_hash

type Tree = dict[str, bytes]

BASE, PLATFORM = "base:1", "linux/arm64"
LEAST: Tree = {
    "Dockerfile": b"ARG BASE_IMAGE=base:1\n",
    "authorizer.py": b"",
    "entrypoint.sh": b"",
    "main.py": b"",
    "routes.py": b"",
    "variables.py": b"",
    "account_rules.py": b"",
    "pyproject.toml": b"",
    "uv.lock": b"",
    "infrastructure/seeds/local.yaml": b"",
    "infrastructure/trim_packages.py": b"",
    "infrastructure/uv.txt": b"",
    "handlers/a.py": b"a = 1\n",
    "models/a.py": b"",
    "seeding/a.py": b"",
    "serve/a.py": b"",
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
