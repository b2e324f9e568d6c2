"""Snapshots of the local AWS's state, which ministack writes in an orderly end only: what was written is on disk a few
seconds later.

It runs in the local AWS only.
"""

import asyncio
import copy
import os
import signal
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from infrastructure.local.aws_files import HELD, log, ministack_module, save

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_DELAY_SECONDS = 2.0
"""How long after the first write a snapshot begins. It is of all that was written by then."""
_AGAIN_SECONDS = 30.0
"""After how long one that could not be written is tried again."""
_MOST_SECONDS = 120
"""How long writing a snapshot may take before it is given up."""
_READING = (
    *("BatchGet", "Describe", "Filter", "Get", "List", "Query", "Scan", "Test", "TransactGet"),
    "Search",
)
"""What the names of actions begin with that change nothing (the header ``X-Amz-Target``)."""
_ATTEMPTS = 200
_PAUSE_SECONDS = 0.05


_ministack = ministack_module(
    "ministack.app",
    *("_build_persistence_save_dict", "SERVICE_NAME_ALIASES", "SERVICE_REGISTRY"),
)


class _Writer:
    """Writes snapshots of the services in which something was written, by processes of their own."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._changed: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._child: int | None = None

    def note(self, scope: Scope) -> None:
        """Has the service that a request may have changed written soon; called when it is answered."""
        self._changed |= _services(scope)
        if self._changed and self._task is None:
            self._task = asyncio.create_task(self._write_changed())

    def end(self) -> None:
        """Ends a snapshot under way, before an orderly end writes everything."""
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)

    async def _write_changed(self) -> None:
        """Writes what has changed, and goes on while more does. A snapshot begins no sooner than the last one took, so
        that a large state leaves half of a processor."""
        took = 0.0
        while self._changed:
            await asyncio.sleep(max(_DELAY_SECONDS, took))
            begin = time.monotonic()
            services, self._changed = self._changed, set()
            if await self._write(services):
                took = time.monotonic() - begin
            else:
                self._changed |= services
                took = _AGAIN_SECONDS
        self._task = None

    async def _write(self, services: set[str]) -> bool:
        async with self.lock:
            try:
                self._child = _write_in_child(services)
                _, status = await asyncio.to_thread(os.waitpid, self._child, 0)
            except OSError as error:
                log(f"No snapshot can be written: {error}")
                return False
            finally:
                self._child = None
            return status == 0


writer = _Writer()


async def write_all() -> list[str]:
    """Writes the state of every service in use; the names of those whose state could not be written.

    All states are read between two requests, and encoded in a thread so that requests are answered meanwhile.
    """
    async with writer.lock:
        sources = _ministack._build_persistence_save_dict()
        states = {name: _read_state(get_state) for name, get_state in sources.items()}
        return [
            name
            for name, state in states.items()
            if state is not None and not await asyncio.to_thread(save, name, state)
        ]


def _services(scope: Scope) -> set[str]:
    """The services, by the names of their files, that a request may change: told by its credentials, or by the paths of
    the registry, and by its action or method."""
    headers = dict(scope["headers"])
    action = headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
    path = str(scope.get("path", ""))
    reads = action.startswith(_READING) if action else scope["method"] in {"GET", "HEAD", "OPTIONS"}
    if reads or path.endswith("/invocations"):
        return set()
    credential = headers.get(b"authorization", b"").decode("latin-1").partition("Credential=")[2].split("/")
    name = credential[3] if len(credential) > 3 else "ecr" if path.startswith("/v2/") else ""
    config = _ministack.SERVICE_REGISTRY.get(_ministack.SERVICE_NAME_ALIASES.get(name, name))
    return {config.get("state_key", config["module"]), *config.get("sub_modules", ())} if config else set()


def _write_in_child(services: Iterable[str]) -> int:
    """Writes the states of ``services`` as they are now in a forked process; its id. Its exit code is 0 where all of
    them were written.

    The process has the memory of this moment, so nothing changes while it reads, and requests are answered meanwhile.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # it has threads: the child starts none and takes no lock
        child = os.fork()
    if child:
        return child
    written = False
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        signal.alarm(_MOST_SECONDS)
        _close_sockets()
        setattr(copy, "deepcopy", _same)  # noqa: B010 - nothing else is here to change what was copied
        sources = _ministack._build_persistence_save_dict()
        states = {name: sources[name]() for name in services if name in sources}
        failed = [name for name, state in states.items() if state is not None and not save(name, state)]
        written = not failed
    finally:
        os._exit(not written)


def _same[Value](value: Value, _memo: object = None) -> Value:
    return value


def _close_sockets() -> None:
    """Closes the files of the process that was forked but its output and the lock: a connection that it closes would
    stay open here."""
    begin = 3
    for kept in sorted(HELD):
        os.closerange(begin, kept)
        begin = kept + 1
    os.closerange(begin, min(os.sysconf("SC_OPEN_MAX"), 1 << 20))


def _read_state(get_state: Callable[[], Any]) -> Any:
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
