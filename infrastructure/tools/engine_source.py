"""What the Pulumi engine is built from where no release of it can be had: its Go modules, less what is never used.

``engine_build/stubs`` has a folder for each package that is left out, under its import path, with a few lines of Go
that stand for it. Go replaces whole modules only. So a module with such packages is copied, as it was downloaded and
verified, and they are replaced in the copy. Where the stubs bring a ``go.mod``, they stand for the whole module.
"""

import hashlib
import re
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from infrastructure.tools import processes, toolchain
from infrastructure.tools.toolchain import NotAvailableError

MODULE = Path(__file__).parent / "engine_build"
"""The Go module of the engine: its commands, the versions of what it is made of, and the stubs."""

_STUBS = MODULE / "stubs"
_DOWNLOAD_SECONDS = 900
_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_COMPILER = "all=-l -dwarf=false"
"""No inlining and no debug information: that saves two fifths of the compiler's time; see ADR 6."""


def build_command(go: Path, target: Path, version: str) -> list[str | Path]:
    """The command that builds the engine to ``target``, run in what ``compose`` made, with its version stamped in."""
    linker = f"-s -w -X {_VERSION}=v{version}"
    return [go, "build", "-v", "-trimpath", "-gcflags", _COMPILER, "-ldflags", linker, "-o", target, "."]


def recipe() -> str:
    """Twelve hexadecimal digits that change with what the engine is built from and how."""
    digest = hashlib.sha256(repr(build_command(Path("go"), Path("pulumi"), "")).encode())
    for path in sorted(path for path in MODULE.rglob("*") if path.suffix in {".go", ".mod", ".sum"}):
        digest.update(f"\n{path.relative_to(MODULE)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def compose(go: Path, folder: Path) -> None:
    """Makes ``folder``, not there yet, the module to build: ``MODULE`` with the stubs in place.

    Downloads the modules that are copied for it. Raises ``NotAvailableError`` when they cannot be had.
    """
    shutil.copytree(MODULE, folder, ignore=shutil.ignore_patterns(_STUBS.name))
    stubs = stubbed_packages()
    sources = _download(go, [module for module in stubs if not (_STUBS / module / "go.mod").exists()])
    for module, packages in stubs.items():
        copy = folder / "modules" / module.replace("/", "_")
        if module in sources:
            _copy(sources[module], copy, without=packages)
        for package in {Path(), *packages}:
            (copy / package).mkdir(parents=True, exist_ok=True)
            for file in (_STUBS / module / package).glob("*.*"):
                shutil.copyfile(file, copy / package / file.name)
        with (folder / "go.mod").open("a") as lines:
            lines.write(f"\nreplace {module} => ./{copy.relative_to(folder)}\n")


def stubbed_packages() -> dict[str, set[Path]]:
    """The modules that are replaced, each with the folders in it that stubs stand for."""
    found: dict[str, set[Path]] = {}
    for package in {path.parent.relative_to(_STUBS) for path in _STUBS.rglob("*.go")}:
        module = max((each for each in required_modules() if package.is_relative_to(each)), key=len)
        found.setdefault(module, set()).add(package.relative_to(module))
    return found


def required_modules() -> dict[str, str]:
    """The modules that the engine is made of, each with its version, as ``go.mod`` has them."""
    lines = re.findall(r"^(?:require |\t)(\S+) (v\S+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    return dict(lines)


def _download(go: Path, modules: Collection[str]) -> dict[str, Path]:
    """The folders of these modules, which Go verifies by ``go.sum`` when it downloads them."""
    versions = required_modules()
    _run([go, "mod", "download", *(f"{module}@{versions[module]}" for module in modules)])
    folders = _run([go, "list", "-m", "-f", "{{.Dir}}", *modules])
    return dict(zip(modules, map(Path, folders.splitlines()), strict=True))


def _run(command: Sequence[str | Path]) -> str:
    outcome = processes.run(command, cwd=MODULE, limit=_DOWNLOAD_SECONDS, environment=toolchain.ENVIRONMENT)
    if not outcome.ok:
        raise NotAvailableError(f"its modules could not be downloaded ({outcome.last_line})")
    return outcome.output


def _copy(source: Path, target: Path, without: Collection[Path]) -> None:
    """Copies a module, writable, less its tests and the Go files of the packages in ``without``."""
    for folder, folders, files in source.walk():
        folders[:] = [name for name in folders if name != "testdata"]
        package = folder.relative_to(source)
        (target / package).mkdir(parents=True)
        for name in files:
            if not name.endswith(".go" if package in without else "_test.go"):
                shutil.copyfile(folder / name, target / package / name)
