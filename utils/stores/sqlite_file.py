"""A file of SQLite that holds the table, shared by the processes that serve from it.

``sqlite:PATH`` is a lasting one: what was written is there after the end of any process, and of the machine. With
``?synchronous=off`` at its end the operating system may keep it in memory, so the end of the machine may ruin it, of a
process not. ("Write-Ahead Logging" and "PRAGMA synchronous" on sqlite.org.)
"""

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock

from utils.aws import calls
from utils.errors import SandboxFullException, ThrottledException, UnavailableException
from utils.logger import logger

_FORM = 1
"""The form of the file, in its ``user_version``."""
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, purge_at INTEGER, item TEXT NOT NULL, PRIMARY KEY (pk, sk)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_purge_at ON items (purge_at) WHERE purge_at IS NOT NULL;
PRAGMA user_version = {_FORM};
COMMIT;
"""
_SWEEP = """
DELETE FROM items WHERE (pk, sk) IN (SELECT pk, sk FROM items WHERE purge_at < ? ORDER BY purge_at LIMIT 500)
"""
_SWEPT_EVERY = 60.0
"""Seconds between two looks for items whose ``purge_at`` is over."""
_PATIENCE = 1.0
"""Seconds that a write waits for one of a program that is not ours, which stands in no queue."""
_FULL = frozenset(
    {
        "ENOSPC",
        "EDQUOT",
        "SQLITE_FULL",
        "SQLITE_IOERR_WRITE",
        "SQLITE_IOERR_FSYNC",
        "SQLITE_IOERR_SHMSIZE",
        "SQLITE_IOERR_TRUNCATE",
    }
)
"""What SQLite says of a disk, a quota or a limit that is full."""
_UNAVAILABLE = (
    "SQLITE_IOERR",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_PERM",
)
_DISK_IS_FULL = "The disk that holds the emulator's data is full; nothing was written."


class File:
    """The one connection of this process to a file. A thread has it to itself while it reads or writes.

    Writers of all processes stand in a queue (flock of a file beside, ``…-lock``): of those who wait by SQLite's own
    means, which try again now and then, some never have their turn. Who ends, however it does, leaves the queue.
    """

    def __init__(self, name: str) -> None:
        self._path, _, self._synchronous = name.removeprefix("sqlite:").partition("?synchronous=")
        self._connection: sqlite3.Connection | None = None
        self._queue = -1
        self._lock = RLock()
        self._swept = 0.0

    def prepare(self) -> None:
        """Open the file, and make it where it is not there. Raises as ``utils.table`` says."""
        with self._lock, _refusals():
            if self._connection is None:
                self._open()

    @contextmanager
    def reading(self, operation: str) -> Iterator[sqlite3.Connection]:
        """The connection, for one statement, which is of one moment. Raises as ``utils.table`` says.

        ``operation`` is what the log calls it.
        """
        with _noted(operation), self._lock, _refusals():
            yield self._connection or self._open()

    @contextmanager
    def writing(self, operation: str, *, hurried: bool = False) -> Iterator[sqlite3.Connection]:
        """The connection within a transaction, beside which nobody writes: all of it is written, or nothing when the
        block raises. Raises as ``utils.table`` says."""
        with _noted(operation), self._lock, _refusals(hurried=hurried):
            connection = self._connection or self._open()
            with self._turn():
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                self._sweep(connection)

    def hold(self) -> None:
        """Close the connection, and let no thread open it until :meth:`release`."""
        self._lock.acquire()
        if self._connection is not None:
            self._connection.close()
            os.close(self._queue)
            self._connection = None

    def release(self) -> None:
        """Let threads open the connection again."""
        self._lock.release()

    def renew(self) -> None:
        """What :meth:`release` is, in a new process, whose one thread does not own the lock."""
        self._lock = RLock()

    def _sweep(self, connection: sqlite3.Connection) -> None:
        """Deletes now and then what is over. What was written before stays written where this fails."""
        if time.monotonic() - self._swept > _SWEPT_EVERY:
            self._swept = time.monotonic()
            with suppress(sqlite3.OperationalError):
                connection.execute(_SWEEP, (int(time.time()),))

    def _open(self) -> sqlite3.Connection:
        # SQLite gives what it makes beside the file the file's own mode. One that is there is left alone: to close it
        # would end the locks that other connections of this process have of it.
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        self._queue = os.open(f"{self._path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        connection = sqlite3.connect(
            self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            with self._turn():
                self._begin(connection)
        except BaseException:
            connection.close()
            os.close(self._queue)
            raise
        self._connection = connection
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous or 'full'}")
        ((form,),) = connection.execute("PRAGMA user_version")
        if form == 0:
            connection.executescript(_SCHEMA)
        elif form != _FORM:
            raise RuntimeError(f"{self._path} is of form {form}, which another release has written")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)


def file(name: str) -> File:
    """The file that a table's ``name`` says."""
    return _files.get(name) or _files.setdefault(name, File(name))


def forget(name: str) -> None:
    """Close the file ``name``, if it was used."""
    if opened := _files.pop(name, None):
        opened.hold()
        opened.release()


def _each(act: Callable[[File], None]) -> Callable[[], None]:
    def act_on_each() -> None:
        for opened in list(_files.values()):
            act(opened)

    return act_on_each


_files: dict[str, File] = {}
# Of a connection that two processes share, locks are worth nothing ("How To Corrupt An SQLite Database File", 2.6): no
# process forks with one open.
os.register_at_fork(
    before=_each(File.hold), after_in_parent=_each(File.release), after_in_child=_each(File.renew)
)


@contextmanager
def _noted(operation: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        calls.append((operation, began, time.perf_counter() - began))


@contextmanager
def _refusals(*, hurried: bool = False) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorname", "")
        if code in _FULL:
            raise _full(code) from error
        if code.startswith("SQLITE_BUSY") and not hurried:
            raise ThrottledException from error
        if code.startswith(("SQLITE_BUSY", *_UNAVAILABLE)):
            raise _unavailable(code) from error
        raise
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "")
        raise _full(code) if code in _FULL else _unavailable(code) from error


def _full(code: str) -> SandboxFullException:
    logger.error("the disk is full", extra={"cause": code})
    return SandboxFullException(_DISK_IS_FULL)


def _unavailable(code: str) -> UnavailableException:
    logger.warning("the table's file does not answer", extra={"cause": code})
    return UnavailableException()
