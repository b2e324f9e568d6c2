"""The tag of a tree of 5,000 source files, against what git takes to hash the same tree."""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure.get_image_tag import SOURCES
from tests.bench.measure import Contestants, timed

ROOT = Path(__file__).resolve().parents[2]
FILES = 5_000
FOLDERS = [name.rstrip("/") for name in SOURCES if name.endswith("/")]
REQUIRED = [*(name for name in SOURCES if not name.endswith("/")), "infrastructure/get_image_tag.py"]


@contextmanager
def contestants() -> Iterator[Contestants]:
    """Ours and git's, each a whole process (git's are two), on the same generated tree."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as scratch:
        tree = Path(folder)
        _generate(tree)
        subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
        rounds = itertools.count()

        def ours() -> None:
            script = tree / "infrastructure" / "get_image_tag.py"
            subprocess.run([sys.executable, str(script), "--hash"], check=True, capture_output=True)

        def git() -> None:
            empty = Path(scratch) / str(next(rounds))
            (empty / "objects").mkdir(parents=True)
            environment = os.environ | {
                "GIT_INDEX_FILE": str(empty / "index"),
                "GIT_OBJECT_DIRECTORY": str(empty / "objects"),
            }
            for command in (["git", "add", "-A"], ["git", "write-tree"]):
                subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True)

        yield timed(ours), timed(git)


def _generate(tree: Path) -> None:
    for name in REQUIRED:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    for number in range(FILES):
        folder = tree / FOLDERS[number % len(FOLDERS)] / f"package_{number % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"module_{number}.py").write_text(f"VALUE = {number}\n" * 40)
