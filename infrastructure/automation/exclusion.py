"""One command at a time on a stack: the lock files of this checkout."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from infrastructure.stack.settings import is_local
from infrastructure.terminal import display
from infrastructure.tools import paths


@contextmanager
def exclusive(stack: str) -> Iterator[bool]:
    """Holds the stack's lock file while the block runs; while another command of this checkout holds it, says so and
    waits.

    The file has the id of the process that holds it, which removes it at its end, also after an error. So one that is
    there was left by a process that was killed or interrupted: yields whether there was one.
    """
    with _locked(stack) as lock:
        was_cut_off = bool(_lock_text(lock))
        _write(lock, str(os.getpid()))
        try:
            yield was_cut_off
        except Exception:
            _write(lock, "")
            raise
        _write(lock, "")


@contextmanager
def held(stack: str) -> Iterator[bool]:
    """Holds the stack's lock file as ``exclusive`` does, for a block that changes nothing of the stack: what a killed
    command left stays, also when the block ends."""
    with _locked(stack) as lock:
        left = _lock_text(lock)
        _write(lock, str(os.getpid()))
        try:
            yield bool(left)
        finally:
            _write(lock, left)


@contextmanager
def all_local_exclusive() -> Iterator[None]:
    """Holds the lock files of all local stacks that a command of this checkout ever changed, as ``exclusive`` does; the
    ids that killed processes left in them stay."""
    stacks = sorted(path.stem for path in (paths.home() / "locks").glob("*.lock") if is_local(path.stem))
    with ExitStack() as held:
        for stack in stacks:
            lock = held.enter_context(_locked(stack))
            held.callback(_write, lock, _lock_text(lock))
            _write(lock, str(os.getpid()))
        yield


@contextmanager
def _locked(stack: str) -> Iterator[TextIO]:
    """Yields the open lock file of ``stack``, locked."""
    path = paths.home() / "locks" / f"{stack}.lock"
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                display.say(
                    f"Another command is changing stack {stack!r} (process {_lock_text(lock)}): waiting for it"
                )
                fcntl.flock(lock, fcntl.LOCK_EX)
            # The command that was waited for may have deleted the file: then the next makes another, so this one does.
            if os.fstat(lock.fileno()).st_nlink:
                yield lock
                return


def _write(file: TextIO, text: str) -> None:
    file.truncate(0)
    file.write(text)
    file.flush()


def _lock_text(file: TextIO) -> str:
    file.seek(0)
    return file.read()
