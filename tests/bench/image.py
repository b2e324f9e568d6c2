"""What the image adds to its base, against the packages that it runs, as they are installed and compiled."""

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infrastructure import get_image_tag
from infrastructure.commands import run_local
from infrastructure.tools import paths
from infrastructure.tools.docker import endpoint
from tests.bench import stack
from tests.bench.measure import Contestants
from tests.support.checkout import ROOT


@contextmanager
def contestants() -> Iterator[Contestants]:
    """Bytes of the image's own layers, and of the locked runtime packages with their bytecode."""
    yield _added, _packages


def _added() -> float:
    stack.done(ROOT, ["make", "-s", "build-local"])
    images = endpoint().client().images
    ours, base = (
        images.get(name).attrs["Size"]
        for name in (run_local.LOCAL_IMAGE, get_image_tag.recorded_base_image())
    )
    return float(ours - base)


def _packages() -> float:
    with tempfile.TemporaryDirectory() as folder:
        target, locked = Path(folder, "packages"), Path(folder, "requirements.txt")
        export = ["export", "--quiet", "--frozen", "--no-default-groups", "--no-emit-project", "--extra=aws"]
        install = ["pip", "install", "--quiet", "--python", sys.executable, "--require-hashes", "--no-deps"]
        for command in (
            [*export, "--output-file", str(locked)],
            [*install, "--target", str(target), "--requirement", str(locked)],
        ):
            subprocess.run([_uv(), *command], cwd=ROOT, check=True)
        compileall.compile_dir(target, quiet=2)
        return float(sum(file.lstat().st_size for file in target.rglob("*") if file.is_file()))


def _uv() -> str:
    """The uv that set-up uses."""
    places = [os.environ.get("PATH", ""), str(Path.home() / ".local/bin"), str(paths.cache() / "uv/bin")]
    found = shutil.which("uv", path=os.pathsep.join(places))
    assert found, "set-up installs uv"
    return found
