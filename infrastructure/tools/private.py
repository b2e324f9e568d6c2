"""Keeps the local state to its owner: the stacks' signing keys, password hashes and the credential lie in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infrastructure.tools import disk, paths

PARTS = ("aws", "deployed", "locks", "passphrase", "passphrase.bak", "port", "pulumi", "workspace")
"""All names that are ever created in ``LOCAL_HOME``, which may be a folder with other files in it."""

_OTHERS = 0o077
_OWNER_ONLY = 0o077
_AS_USUAL = 0o022


@contextmanager
def files() -> Iterator[None]:
    """Has what this process and those that it starts write in the block be readable by its owner only, and closes what
    an earlier version left open to others."""
    close()
    with _umask(_OWNER_ONLY):
        yield


@contextmanager
def public_files() -> Iterator[None]:
    """Has what is written in the block be readable by all, as what goes into an image has to be."""
    with _umask(_AS_USUAL):
        yield


def close() -> None:
    """Takes every right of others off the local state; of ``LOCAL_HOME`` as a whole where it is the default, or nothing
    else is in it. A part whose folder is closed is not looked into: that was closed last.

    Raises ``DeployError`` where it is another user's.
    """
    home = paths.home()
    if not home.is_dir():
        return
    names = {path.name for path in home.iterdir()}
    is_ours = home == paths.ROOT / ".local" or names <= set(PARTS)
    for name in names if is_ours else names.intersection(PARTS):
        if _is_open(home / name):
            close_all(home / name)
    if is_ours and _is_open(home):
        with disk.reporting_errors(home):
            home.chmod(0o700)


def close_all(path: Path) -> None:
    """Takes every right of others off a file, or a folder and all that is in it. Raises ``DeployError`` as ``close``
    does."""
    if path.is_symlink():
        return
    if path.is_dir():
        for child in path.iterdir():
            close_all(child)
    with suppress(FileNotFoundError), disk.reporting_errors(path):  # a server that runs replaces its files
        if _is_open(path):
            path.chmod(path.stat().st_mode & 0o700)


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & _OTHERS)


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
