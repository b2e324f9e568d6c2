"""Writes the state between two requests, which ministack writes only in an orderly end."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import internals

_ATTEMPTS = 200
_PAUSE_SECONDS = 0.05
_writing = asyncio.Lock()


async def write() -> list[str]:
    """Writes the state of every service in use; the names of those whose state could not be written.

    All states are read between two requests, and encoded in a thread so that requests are answered meanwhile.
    """
    async with _writing:
        sources = internals.ministack._build_persistence_save_dict()
        states = {name: _read(get_state) for name, get_state in sources.items()}
        failed = []
        for name, state in states.items():
            if state is None:
                continue
            before = _file_identity(name)
            await asyncio.to_thread(internals.persistence.save_state, name, state)
            if _file_identity(name) == before:
                failed.append(name)
        return failed


def _read(get_state: Callable[[], Any]) -> Any:
    """A service's state, read again where a running function's log changed it meanwhile.

    The waiting blocks the event loop, so no new function is started and each attempt meets fewer of them.
    """
    for _ in range(_ATTEMPTS):
        try:
            return get_state()
        except RuntimeError as changed:
            if "changed size during iteration" not in str(changed):
                raise
            time.sleep(_PAUSE_SECONDS)
    return get_state()


def _file_identity(name: str) -> tuple[int, int] | None:
    """The inode and time of a service's state file, which every write changes; ``None`` where there is none."""
    try:
        stat = (Path(internals.persistence.STATE_DIR) / f"{name}.json").stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns
