"""The workers, and who is given one: as on Lambda each carries out one request at a time, and there are more while
some are held up."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from serve.connection import Invocation, Processes, Worker

_PATIENCE_SECONDS: Final = 0.2
"""How long a request waits, and all workers are held up, until there is one more."""
_IDLE_SECONDS: Final = 30
"""How long one stays that is more than there are when nobody waits."""
_MOST: Final = 32
_WAITING: Final = 1000
"""How many requests may wait for a worker."""
_FAILURES: Final = 3
"""After how many processes in a row that do not come up there is something wrong."""
_PAUSE_SECONDS: Final = 1.0
"""Between such processes."""


class BusyError(Exception):
    """There are too many requests at once."""


class WorkersError(Exception):
    """No worker comes up."""


class Workers:
    """The workers of a server. There are ``least`` of them, with the functions' ``environment``; a request that waits
    for one too long, while all are held up, has one more made, up to 32 or ``least``."""

    def __init__(
        self, processes: Processes, least: int, environment: Mapping[str, str], temporary: str | None
    ) -> None:
        self._least = least
        self._most = max(_MOST, least)
        self._start = partial(processes.start_worker, environment, temporary)
        self._generation = 0
        self._count = 0
        """Of this generation, those that are starting included."""
        self._starting = 0
        self._failures = 0
        self._is_closing = False
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._first: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin; returns when the first worker is ready. Raises :class:`WorkersError`."""
        self._first = asyncio.get_running_loop().create_future()
        self._fill()
        await self._first

    async def call(self, invocation: Invocation) -> Any:
        """What a worker says of an invocation. Raises ``FunctionError`` and :class:`BusyError`."""
        one = await self._acquire()
        try:
            return await one.invoke(invocation)
        finally:
            self._release(one)

    def renew(self) -> None:
        """Have new workers, which import anew what they run; those that are at work end when they are done."""
        self._generation += 1
        self._count = self._starting = self._failures = 0
        idle, self._idle = self._idle, []
        for one in idle:
            one.stop()
        self._fill()

    async def close(self) -> None:
        """End the workers; the server has waited for those that were at work."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for one in self._all - {*self._idle}:
            one.kill()
        for one in self._idle:
            one.stop()

    def is_ready(self, one: Worker) -> None:
        """A worker has come up."""
        self._all.add(one)
        if one.generation == self._generation:
            self._starting -= 1
            self._failures = 0
            if self._first is not None and not self._first.done():
                self._first.set_result(None)
        self._release(one)

    def is_gone(self, one: Worker) -> None:
        """A worker has ended; another takes its place."""
        self._all.discard(one)
        if one in self._idle:
            self._idle.remove(one)
        if one.generation != self._generation or self._is_closing:
            return
        self._count -= 1
        if not one.was_ready:
            self._starting -= 1
            self._failures += 1
            if self._failures == _FAILURES and self._first is not None and not self._first.done():
                self._first.set_exception(WorkersError("no worker comes up"))
        self._fill()

    async def _acquire(self) -> Worker:
        if self._idle:
            return self._idle.pop()
        if len(self._waiting) >= _WAITING:
            raise BusyError
        given: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(given)
        self._watch_queue()
        return await given

    def _release(self, one: Worker) -> None:
        """Give a worker to who waits longest, else let it be idle; it ends where it is of another generation."""
        if one.is_gone:
            return
        if one.generation != self._generation or self._is_closing:
            one.stop()
            return
        while self._waiting:
            given = self._waiting.popleft()
            if not given.done():
                given.set_result(one)
                return
        now = one.since = time.monotonic()
        self._idle.append(one)
        if self._count > self._least and now - self._idle[0].since > _IDLE_SECONDS:
            self._idle.pop(0).stop()

    def _watch_queue(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._relieve)

    def _relieve(self) -> None:
        """Have one more worker, if somebody has waited, none is about to come, and all have been at one request as
        long: where they go from request to request the processors lack, which more processes do not mend."""
        self._timer = None
        if self._waiting and not self._is_closing:
            latest = time.monotonic() - _PATIENCE_SECONDS
            are_held = all(one.since <= latest for one in self._all)
            if are_held and not self._starting and self._count < self._most:
                self._spawn(is_lasting=False)
            self._watch_queue()

    def _fill(self) -> None:
        for _ in range(self._least - self._count):
            self._spawn(is_lasting=True)

    def _spawn(self, *, is_lasting: bool) -> None:
        self._count += 1
        self._starting += 1
        task = asyncio.get_running_loop().create_task(self._spawned(self._generation, is_lasting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _spawned(self, generation: int, is_lasting: bool) -> None:
        if self._failures:
            await asyncio.sleep(_PAUSE_SECONDS)
        process, connection = await asyncio.to_thread(self._start, is_lasting=is_lasting)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Worker(self, process, generation), sock=connection)
