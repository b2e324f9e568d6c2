"""Files on disk: lock files, notes in the folder of shared tools, free space, and errors of a full disk."""

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

_FAILURES = "failures.json"

RETRY_AFTER = timedelta(days=1)
"""The time after which a failed download is tried again."""


@contextmanager
def lock_file(path: Path, purpose: str) -> Iterator[None]:
    """Locks the file ``path`` exclusively (flock), which is created; waits for other processes that hold it.

    ``purpose`` completes the message "Waiting for another command to finish …". Raises ``DeployError`` where the file
    cannot be written.
    """
    with reporting_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with display.progress(f"Waiting for another command to finish {purpose}"):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def read_note(name: str) -> dict[str, Any]:
    """The note ``name`` in the folder of shared tools; empty where there is none that can be read."""
    try:
        note = json.loads((paths.cache() / name).read_text())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def write_note(name: str, note: dict[str, Any]) -> None:
    """Writes the note ``name`` as JSON, atomically. Raises ``DeployError`` where it cannot be written."""
    replace_file(paths.cache() / name, json.dumps(note, indent=1, sort_keys=True) + "\n")


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file atomically, with its folder. Raises ``DeployError`` where it cannot be written."""
    with reporting_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode)
        draft.write_text(text)
        draft.replace(path)


def keep_backup(path: Path) -> None:
    """Copies a file to one of its name with ``.bak``, readable by its owner only, unless that is there."""
    backup = path.with_name(f"{path.name}.bak")
    if not backup.exists():
        replace_file(backup, path.read_text(), mode=0o600)


def record_failure(name: str, cause: str) -> None:
    """Notes that the download or build ``name`` failed now, for ``recent_failure``."""
    failures = read_note(_FAILURES)
    write_note(_FAILURES, failures | {name: {"cause": cause, "at": time.time()}})


def recent_failure(name: str) -> str | None:
    """The cause of the failure of ``name`` within ``RETRY_AFTER``; ``None`` when there was none."""
    failure = read_note(_FAILURES).get(name, {})
    age = time.time() - float(failure.get("at", 0))
    return str(failure["cause"]) if 0 <= age < RETRY_AFTER.total_seconds() else None


def require_space(folder: Path, mebibytes: int, purpose: str) -> None:
    """Raises ``DeployError`` when the disk of ``folder`` has less than ``mebibytes`` MiB free.

    ``purpose`` completes the message "The disk is too full …", such as ``to install Docker``.
    """
    free = free_mebibytes(folder)
    if free < mebibytes:
        raise DeployError(
            f"The disk is too full {purpose}: {free} MiB free at {folder}, {mebibytes} MiB needed.",
            "Free some space, or point PSN_EMULATOR_CACHE, LOCAL_HOME and TMPDIR at another disk.",
        )


def free_mebibytes(folder: Path) -> int:
    """The free space in MiB on the disk of ``folder``, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free >> 20


@contextmanager
def reporting_errors(folder: Path) -> Iterator[None]:
    """Raises ``DeployError`` for a full disk or a missing permission in the block, which writes to ``folder``."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full_error(folder) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise DeployError(
                f"{error.filename or folder} cannot be written to: {error.strerror}.",
                "Make it yours, or point PSN_EMULATOR_CACHE and LOCAL_HOME at folders that are.",
            ) from error
        raise


def disk_full_error(folder: Path | str) -> DeployError:
    """The error for a disk that became full while ``folder`` was written to."""
    return DeployError(f"The disk is full: no space left at {folder}.", "Free some space, then try again.")
