"""Whether a folder of data is this user's alone, and this server's."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from serve.errors import ServeError

_PRIVATE: Final = 0o600
_OF_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
SECRETS: Final = ("signing-keys", "public-keys", "seed")
TABLE: Final = "table.sqlite"
_FILES: Final = (
    *(f"{name}.{kind}" for name in SECRETS for kind in ("json", "draft")),
    *(f"{TABLE}{end}" for end in ("", "-wal", "-shm", "-lock")),
)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else uses ``folder`` while the block runs; its files are made readable for their owner alone.

    Raises :class:`ServeError` where another server uses it or another user could change it, and ``OSError``.
    """
    _require_own(folder, os.lstat(folder))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _require_own(folder, os.fstat(descriptor))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServeError(
                f"Another server keeps its data in {folder}.",
                "End that one, or choose another folder by --data.",
            ) from None
        for name in _FILES:
            if os.path.lexists(path := folder / name):
                _make_private(path)
        yield
    finally:
        os.close(descriptor)


def _make_private(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        if path.is_symlink():
            raise ServeError(
                f"{path} is a symbolic link.",
                "Put the file itself there, or choose another folder by --data.",
            ) from None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ServeError(f"{path} is no file.", "Choose another folder by --data.")
        _require_own(path, found)
        if stat.S_IMODE(found.st_mode) != _PRIVATE:
            os.fchmod(descriptor, _PRIVATE)
    finally:
        os.close(descriptor)


def _require_own(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise ServeError(
            f"{path} belongs to another user, who could change keys and data.",
            "Choose a folder of your own by --data, or serve as its owner.",
        )
    if not stat.S_ISLNK(found.st_mode) and found.st_mode & _OF_OTHERS:
        raise ServeError(
            f"{path} can be changed by other users (mode {stat.S_IMODE(found.st_mode):o}).",
            f"Take that from them: chmod go-w {path}",
        )
