"""The folder of shared tools: who writes in it, what it remembers, and whether there is room."""

import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import paths

FAILURE_IS_REMEMBERED = timedelta(days=1)
"""How long a download that failed is not tried again."""


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Holds the lock file ``path`` against every other process; waits its turn, saying for ``what``."""
    with room_left(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with display.progress(f"Waiting for another command to finish {what}"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def read_note(name: str) -> dict[str, Any]:
    """What was written under ``name`` in the folder of shared tools; empty when nothing readable is there."""
    try:
        note = json.loads((paths.cache() / name).read_text())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def write_note(name: str, note: dict[str, Any]) -> None:
    """Writes ``note`` under ``name``, whole or not at all. Raises ``DeployError`` when the disk is full."""
    replace_file(paths.cache() / name, json.dumps(note, indent=1, sort_keys=True) + "\n")


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file that readers see whole or not at all. Raises ``DeployError`` when the disk is full."""
    with room_left(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode)
        draft.write_text(text)
        draft.replace(path)


def remember_failure(of: str, cause: str) -> None:
    """Notes that ``of`` failed now, so that it is not tried again at every command."""
    write_note("failures.json", read_note("failures.json") | {of: {"cause": cause, "at": time.time()}})


def failed_lately(of: str) -> str | None:
    """Why ``of`` failed within ``FAILURE_IS_REMEMBERED``; ``None`` when it did not."""
    failure = read_note("failures.json").get(of, {})
    age = time.time() - float(failure.get("at", 0))
    return str(failure["cause"]) if 0 <= age < FAILURE_IS_REMEMBERED.total_seconds() else None


def need_room(folder: Path, mebibytes: int, what: str) -> None:
    """Raises ``DeployError`` when the disk of ``folder`` has less than ``mebibytes`` MiB free ``what``."""
    free = free_mebibytes(folder)
    if free < mebibytes:
        raise DeployError(
            f"The disk is too full {what}: {free} MiB free at {folder}, {mebibytes} MiB needed.",
            "Free some space, or point PSN_EMULATOR_CACHE, LOCAL_HOME and TMPDIR at another disk.",
        )


def free_mebibytes(folder: Path) -> int:
    """The free space of the disk that holds ``folder``, which need not exist yet, in MiB."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free >> 20


@contextmanager
def room_left(folder: Path) -> Iterator[None]:
    """Turns a full or a forbidden disk inside the block into a ``DeployError``."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(folder) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise DeployError(
                f"{error.filename or folder} cannot be written to: {error.strerror}.",
                "Make it yours, or point PSN_EMULATOR_CACHE and LOCAL_HOME at folders that are.",
            ) from error
        raise


def disk_full(folder: Path | str) -> DeployError:
    """The error of a disk that filled up while ``folder`` was written to."""
    return DeployError(f"The disk is full: no space left at {folder}.", "Free some space, then try again.")
