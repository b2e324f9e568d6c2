"""The server: a socket, the gateway behind it, the workers behind that, from start to end."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from serve import environment, watching
from serve.connection import Processes
from serve.environment import PATIENCE_SECONDS, Place
from serve.errors import ServeError
from serve.listening import listener, require_certificate
from serve.options import Options
from serve.workers import Workers, WorkersError

if TYPE_CHECKING:
    import uvicorn

_DRAIN_SECONDS: Final = PATIENCE_SECONDS + 2
_KEEP_ALIVE_SECONDS: Final = 75
"""How long a connection stays of which nothing comes: longer than clients keep theirs, or one would be ended as a
request is sent."""
_PACKAGES: Final = "serve.libraries"
_APPLICATION: Final = "serve.preloaded"
_INHERITED: Final = "PSN_EMULATOR_INHERITED"
"""The variable by which a server that starts anew finds what it had: the socket's descriptor and the folder."""


def serve(options: Options) -> None:
    """Serve until a signal ends it, then answer what has come and end. Raises :class:`ServeError`."""
    require_certificate(options)
    signal.signal(signal.SIGTERM, _interrupt)
    inherited = os.environ.pop(_INHERITED, "").partition(":")
    with (
        socket.socket(fileno=int(inherited[0])) if inherited[0] else listener(options) as listening,
        environment.place(options, inherited[2]) as where,
    ):
        port = listening.getsockname()[1]
        url = options.url(port)
        given = environment.environment(options, where, url, port)
        os.environ.update(given)  # of which some is read as modules are imported
        server = _Server(options, where, listening, given)
        asyncio.run(server.run(url))
        if server.starts_anew:
            _start_anew(listening, where)


class _Server:
    """What runs while the server does; afterwards ``starts_anew`` says whether its own code has changed."""

    def __init__(
        self, options: Options, where: Place, listening: socket.socket, given: Mapping[str, str]
    ) -> None:
        self.starts_anew = False
        self._options = options
        self._where = where
        self._listening = listening
        self._given = given
        self._processes = Processes([_PACKAGES] if options.watch else [_PACKAGES, _APPLICATION])

    async def run(self, url: str) -> None:
        """Starts, says so, and serves."""
        provided = asyncio.create_task(
            asyncio.to_thread(self._processes.result_of, environment.provide, self._options, self._where)
        )
        await asyncio.sleep(0)
        import uvicorn  # takes as long as a tenth of the start, while the processes import the application

        from serve import protocol
        from serve.gateway import Gateway

        workers = Workers(
            self._processes,
            self._options.workers,
            {**self._given, "PUBLIC_JWKS": await provided},
            str(self._where.folder) if self._where.is_temporary else None,
        )
        gateway = Gateway(workers, timedelta(seconds=PATIENCE_SECONDS), lambda: server.should_exit)
        configuration = self._configuration(
            uvicorn.Config,
            gateway,
            http=protocol.Protocol,
            limit_concurrency=protocol.most_connections(),
        )
        server = protocol.Server(configuration)
        try:
            await workers.start()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, server.handle_exit)  # which uvicorn itself says only as it begins
            _say(url, self._options, self._listening.getsockname())
            watch = asyncio.create_task(self._watch(workers, server)) if self._options.watch else None
            await server.serve(sockets=[self._listening.dup()])
            if watch is not None:
                watch.cancel()
        except WorkersError as error:
            raise ServeError(
                f"The server does not come up: {error}.", "What is printed above says why."
            ) from error
        finally:
            await workers.close()

    def _configuration(self, kind: "type[uvicorn.Config]", gateway: Any, **more: Any) -> "uvicorn.Config":
        return kind(
            gateway,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            interface="asgi3",
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            ssl_certfile=self._options.tls_cert,
            ssl_keyfile=self._options.tls_key,
            **more,
        )

    async def _watch(self, workers: Workers, server: "uvicorn.Server") -> None:
        """Has new workers when a file is saved; where it is one that this process runs itself, it starts anew."""
        saved: set[str] = set()
        async for paths in watching.changes():
            watching.forget(paths)
            saved |= paths
            names = ", ".join(sorted(os.path.relpath(path, watching.ROOT) for path in saved))
            if reason := watching.unreadable(saved):
                _tell(f"Saved {names}; the code before goes on: {reason}.")
                continue
            _tell(f"Saved {names}; it answers from now.")
            if watching.are_of_this_process(saved):
                self.starts_anew = server.should_exit = True
                return
            workers.renew()
            saved.clear()


def _start_anew(listening: socket.socket, where: Place) -> NoReturn:
    """Becomes the server of the code as it is now, with the socket, whose callers wait meanwhile, and the data."""
    listening.set_inheritable(True)
    os.environ[_INHERITED] = f"{listening.fileno()}:{where.folder}"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 # nosec B606


def _say(url: str, options: Options, address: Sequence[Any]) -> None:
    """Tells on standard output by what URL, and where it listens if the URL does not say it."""
    kept = f"data in {options.data}" if options.data else "data in memory"
    where = f" at {address[0]}:{address[1]}" if options.public_url else ""
    with suppress(BrokenPipeError):
        print(f"Serving {url}{where} ({kept}); Ctrl+C ends it.", flush=True)  # noqa: T201


def _tell(line: str) -> None:
    """Tells, beside the log, what becomes of what was saved."""
    with suppress(BrokenPipeError):
        print(line, file=sys.stderr, flush=True)  # noqa: T201


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt
