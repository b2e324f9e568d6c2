"""The gateway's end of a worker, and how workers are started."""

import asyncio
import json
import multiprocessing
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from typing import Any, Protocol, cast

from serve import frames, worker


class FunctionError(Exception):
    """A function ended without an answer: its worker died, or it took too long."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a worker is to do: call ``function`` with ``event``, for ``seconds`` at most. One that waits reckons from
    ``began``, by ``time.monotonic``. ``kept`` is what it said when it broke off, if it did, for itself alone."""

    id: str
    function: str
    event: Mapping[str, Any]
    began: float
    seconds: float
    kept: str | None = None


class Pool(Protocol):
    """Who is told what becomes of a worker."""

    def is_ready(self, one: "Worker", /) -> None:
        """It has come up."""

    def is_gone(self, one: "Worker", /) -> None:
        """It has ended."""


class Worker(asyncio.Protocol):
    """A worker, as the gateway has it; ``generation`` is that of the code which it runs."""

    def __init__(self, pool: Pool, process: ForkServerProcess, generation: int) -> None:
        self.generation = generation
        self.since = 0.0
        """When it became idle, or was given what it is at, by ``time.monotonic``."""
        self.was_ready = False
        self.is_gone = False
        self._process = process
        self._pool = pool
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Takes in a message, or a part of one."""
        self._received += data
        if len(self._received) < frames.LENGTH.size:
            return
        end = frames.LENGTH.size + frames.LENGTH.unpack_from(self._received)[0]
        if len(self._received) < end:
            return
        message = json.loads(self._received[frames.LENGTH.size : end])
        del self._received[:end]
        if not self.was_ready:
            self.was_ready = True
            self._pool.is_ready(self)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Has the invocation that it was at fail."""
        self.is_gone = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(FunctionError("the process has ended"))
        self._pool.is_gone(self)

    async def invoke(self, invocation: Invocation) -> Any:
        """What the worker says of an invocation; raises :class:`FunctionError`."""
        self._answer = asyncio.get_running_loop().create_future()
        self.since = time.monotonic()
        message = {
            "id": invocation.id,
            "function": invocation.function,
            "event": invocation.event,
            "began": invocation.began,
            "kept": invocation.kept,
            "deadline": self.since + invocation.seconds,
        }
        if self._transport is not None:
            self._transport.write(frames.packed(message))
        try:
            async with asyncio.timeout(invocation.seconds):
                return await self._answer
        except TimeoutError:
            self.kill()
            raise FunctionError("the function took too long") from None

    def stop(self) -> None:
        """Let it end by itself."""
        if self._transport is not None:
            self._transport.write(frames.packed(None))
            self._transport.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        if self._transport is not None:
            self._transport.abort()


class Processes:
    """Processes that are forked from one which has imported what they have in common (``multiprocessing``'s fork
    server): ``preload`` names the modules."""

    def __init__(self, preload: Sequence[str]) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["serve.worker", *preload])

    def start_worker(
        self, environment: Mapping[str, str], temporary: str | None, *, is_lasting: bool
    ) -> tuple[ForkServerProcess, socket.socket]:
        """A new worker, and the gateway's end of its connection."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = self._context.Process(
                target=worker.run, args=(theirs, dict(environment), temporary, is_lasting), daemon=True
            )
            process.start()
        ours.setblocking(False)
        return process, ours

    def result_of[T](self, function: Callable[..., T], *arguments: Any) -> T:
        """What ``function`` returns in a process of its own. Raises what it raises, and ``EOFError`` where it ends
        without."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_tell, args=(theirs, function, arguments), daemon=True)
        process.start()
        theirs.close()
        is_good, result = ours.recv()
        process.join()
        if is_good:
            return result  # type: ignore[no-any-return]
        raise result


def _tell(connection: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result = True, function(*arguments)
    except Exception as error:
        result = False, error
    connection.send(result)
