"""Tools and files that come in Python packages, put where only this project sees them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.tools import disk, paths, processes

_LIMIT_SECONDS = 600


def unpack(requirement: str, target: Path, *, python: str | None = None) -> None:
    """Puts what the wheel of ``requirement`` (``name==version``) holds at ``target``, whole or not at all.

    What it depends on is left out. ``python`` is the version it is for, where not the running one. Raises
    ``DeployError`` when there is no uv or the package cannot be had.
    """
    command = [str(find_uv()), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
    if python:
        command += ["--python-version", python]
    with disk.reporting_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=target.parent) as folder:
            draft = Path(folder) / "content"
            outcome = processes.run([*command, "--target", str(draft), requirement], limit=_LIMIT_SECONDS)
            if not outcome.ok:
                raise DeployError(
                    f"The Python package {requirement} cannot be had: {outcome.last_line}",
                    "Check the network and the package index that uv is set to, then run this again.",
                )
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)


@cache
def find_uv() -> Path:
    """The uv that works here, as ``bin/setup`` looks for it. Raises ``DeployError`` when there is none."""
    for candidate in _candidates():
        if processes.run([candidate, "--version"], limit=20).ok:
            return candidate
    raise DeployError("There is no uv that works here.", "Run bin/setup, which installs it.")


def _candidates() -> Iterator[Path]:
    on_path = [Path(folder) for folder in os.get_exec_path()]
    for folder in (
        *on_path,
        Path.home() / ".local/bin",
        Path.home() / ".cargo/bin",
        paths.cache() / "uv/bin",
    ):
        if os.access(folder / "uv", os.X_OK):
            yield folder / "uv"
