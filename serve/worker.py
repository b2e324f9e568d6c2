"""A worker: a process that carries out one invocation after the other, as a Lambda environment does."""

import os
import pickle  # nosec B403
import select
import shutil
import signal
import socket
import time
import traceback
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

from routes import FALLBACK, ROUTES
from serve import frames

AUTHORIZER: Final = "authorizer"
READY: Final = "ready"
_IDLE_SECONDS: Final = 0.3


class Context:
    """What Lambda passes along with an event."""

    def __init__(self, request_id: str, deadline: float) -> None:
        self.aws_request_id = request_id
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """How long until the function is ended, by ``time.monotonic``."""
        return max(0, round((self._deadline - time.monotonic()) * 1000))


def run(
    connection: socket.socket, environment: Mapping[str, str], temporary: str | None, is_lasting: bool
) -> None:
    """Answers what comes over ``connection`` until that ends, with the functions' ``environment``.

    One that ``is_lasting`` imports while nobody asks what it has not needed yet, so that the first to ask for something
    need not wait for it. A server that was killed leaves its ``temporary`` folder, which its workers delete.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            number, signal.SIG_IGN
        )  # one to the whole group is the server's, which ends its workers
    os.dup2(2, 1)  # the functions' log; what the server itself says is told from it
    os.environ.update(environment)
    connection.sendall(frames.packed({READY: os.getpid()}))
    to_come = _imports() if is_lasting else iter(())
    while True:
        try:
            while not select.select([connection], [], [], _IDLE_SECONDS)[0] and next(to_come, False):
                pass
            message = frames.receive(connection)
        except (EOFError, OSError):
            break
        if message is None:
            return
        answer = frames.packed(_outcome(message))
        with suppress(BrokenPipeError):
            connection.sendall(answer)
    if temporary is not None:
        shutil.rmtree(temporary, ignore_errors=True)


def _imports() -> Iterator[bool]:
    """Imports what one function after the other needs; tells each time that there is more."""
    from handlers.dispatch import Endpoint

    for route in (*ROUTES, FALLBACK):
        Endpoint.load(route)
        yield True


def _outcome(message: Mapping[str, Any]) -> dict[str, Any]:
    """What became of an invocation: ``answer``, ``error``, or ``pause`` for one that is to be carried out anew, with
    what it has ``kept``."""
    from utils import waiting

    event, deadline = message["event"], message["deadline"]
    try:
        with waiting.resumable(message["began"], unpacked(message["kept"])):
            return {"answer": _entry(message["function"])(event, Context(message["id"], deadline))}
    except waiting.UnfinishedError as unfinished:
        return {"pause": unfinished.seconds, "kept": packed(unfinished.kept)}
    except Exception:
        traceback.print_exc()
        return {"error": "the function failed"}


def packed(kept: Mapping[str, Any]) -> str | None:
    """What a worker has to be told when it goes on, as the gateway passes it on; ``None`` where it is nothing."""
    return b64encode(pickle.dumps(kept)).decode() if kept else None


def unpacked(kept: str | None) -> Mapping[str, Any]:
    """What :func:`packed` was given."""
    found: Mapping[str, Any] = {}
    if kept:
        found = pickle.loads(b64decode(kept))  # noqa: S301 # nosec B301 - a worker's own, of this server
    return found


@cache
def _entry(function: str) -> Callable[[Any, Any], Any]:
    """What Lambda would call: the entry point of a function by its name, its modules imported on first use."""
    if function == AUTHORIZER:
        import authorizer

        return authorizer.handler
    import main
    from utils.logger import logger

    entry = getattr(main, function.replace("-", "_"))

    def named(event: Any, context: Any) -> Any:
        logger.append_keys(function=function)  # one process is every function here
        return entry(event, context)

    return named
