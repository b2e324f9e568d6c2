"""The Pulumi engine: found, downloaded, or built from its Go modules."""

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import disk, engine_source, paths, processes, toolchain
from infrastructure.tools.toolchain import NotAvailableError

REQUIRED = version("pulumi")
"""The version of the Pulumi SDK in use; an engine must be this or newer, of the same major version."""

_NOTE = "engine.json"
_DOWNLOAD = "the official Pulumi engine"
_DOWNLOAD_SECONDS = 300
_BUILD_SECONDS = 3600
_BUILD_MIB = 512
_OLD = timedelta(days=30)
_INSTALL = """
import socket, sys
from pulumi.automation import PulumiCommand
socket.setdefaulttimeout(10)
PulumiCommand.install(root=sys.argv[1])
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that can be run: the absolute path of ``pulumi`` and its version, such as ``3.259.0``."""

    path: Path
    version: str


def resolve() -> Engine:
    """The engine to use: what is there, else the official release, else one built here.

    Costs no process where the engine was looked at before. Raises ``DeployError`` when none can be had.
    """
    if found := installed():
        return found
    with disk.lock_file(paths.cache() / "engine.lock", "setting up the Pulumi engine"):
        if found := installed():
            return found
        reasons = []
        for way in (_download, _build):
            try:
                way()
            except NotAvailableError as reason:
                reasons.append(str(reason))
                display.say(f"  {reason}")
                continue
            if found := installed():
                return found
            reasons.append(f"{paths.cache() / 'engine'} holds no engine that runs")
    raise DeployError(
        f"No Pulumi engine of version {REQUIRED} or newer can be had: {'; '.join(reasons)}.",
        "Install it (https://www.pulumi.com/docs/install/), or Go, then run this again.",
    )


def installed() -> Engine | None:
    """The engine on PATH or the one set up before, when it is new enough; writes only its notes."""
    on_path = shutil.which("pulumi")
    set_up = [root / "bin" / "pulumi" for root in (downloaded_root(), built_root())]
    for path in [*([Path(on_path)] if on_path else []), *set_up]:
        if (found := _version_of(path)) and suffices(found):
            return Engine(path, found)
    return None


def downloaded_root() -> Path:
    """The folder of the official engine that set-up installs, shared by all checkouts; ``bin/pulumi`` there."""
    return paths.cache() / "engine" / REQUIRED


def built_root() -> Path:
    """The folder of the engine that is built here; another one when it would be built otherwise."""
    return paths.cache() / "engine" / f"{REQUIRED}-{engine_source.recipe()}"


def suffices(found: str) -> bool:
    """Whether an engine of version ``found`` serves: no older than the SDK, and of its major version."""
    have, need = _numbers(found), _numbers(REQUIRED)
    return have[:1] == need[:1] and have >= need


def _version_of(path: Path) -> str | None:
    """The version an executable gives; asked once, then remembered by path, time and size of the file."""
    try:
        stat = path.stat()
    except OSError:
        return None
    seen = [stat.st_mtime_ns, stat.st_size]
    notes = disk.read_note(_NOTE)
    note = notes.get(str(path), {})
    if note.get("file") == seen:
        return str(note["version"])
    outcome = processes.run([path, "version"], limit=30, environment={"PULUMI_SKIP_UPDATE_CHECK": "true"})
    match = re.search(r"v?(\d+\.\d+\.\d+)", outcome.output) if outcome.ok else None
    if not match:
        return None
    disk.write_note(_NOTE, notes | {str(path): {"file": seen, "version": match[1]}})
    return match[1]


def _numbers(found: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", found)[:3])


def _download() -> None:
    if cause := disk.recent_failure(_DOWNLOAD):
        raise NotAvailableError(f"it could not be downloaded earlier today ({cause})")
    why = f"there is none of version {REQUIRED} or newer here"
    with display.progress("Downloading the Pulumi engine", why), _draft(downloaded_root()) as root:
        disk.require_space(paths.cache(), _BUILD_MIB, "to install the Pulumi engine")
        outcome = processes.run([sys.executable, "-c", _INSTALL, str(root)], limit=_DOWNLOAD_SECONDS)
        if outcome.ok:
            return
    disk.record_failure(_DOWNLOAD, outcome.last_line)
    raise NotAvailableError(f"it could not be downloaded ({outcome.last_line})")


def _build() -> None:
    go = toolchain.resolve(engine_source.MODULE)
    with (
        display.progress("Building the Pulumi engine from its Go modules", "a few minutes, once") as step,
        _draft(built_root()) as root,
    ):
        disk.require_space(paths.cache(), _BUILD_MIB, "to build the Pulumi engine")
        toolchain.need_room(go, f"github.com/pulumi/pulumi/pkg/v3@v{REQUIRED}", "to build the Pulumi engine")
        source = root.with_name("source")
        engine_source.compose(go, source)
        outcome = processes.run(
            engine_source.build_command(go, root / "bin" / "pulumi", REQUIRED),
            cwd=source,
            limit=_BUILD_SECONDS,
            environment=toolchain.ENVIRONMENT,
            on_line=display.counter(step, "modules and packages"),
        )
        if not outcome.ok:
            raise NotAvailableError(f"it could not be built ({outcome.last_line})")
    _forget_old_builds()


def _forget_old_builds() -> None:
    """Removes what other checkouts, or this one, built another way and have not built anew for long."""
    for folder in built_root().parent.glob("*-*"):
        if folder != built_root() and time.time() - folder.stat().st_mtime > _OLD.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A folder that becomes ``target`` when an engine is in it at the end; otherwise it vanishes."""
    parent = target.parent
    with disk.reporting_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".draft-", dir=parent) as folder:
            root = Path(folder) / "root"
            yield root
            if (root / "bin" / "pulumi").exists():
                shutil.rmtree(target, ignore_errors=True)
                root.rename(target)
