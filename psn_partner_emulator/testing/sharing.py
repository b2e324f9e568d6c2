"""One server for all test processes of a run: the process that started them has it, and tells them its URL."""

import secrets
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from threading import Thread
from typing import Any

from .server import Server, ServerError


class Host:
    """Tells test processes the URL of ``server``, which the first that asks has started."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._key = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), authkey=self._key, backlog=64)
        Thread(target=self._accept, daemon=True).start()

    @property
    def place(self) -> dict[str, Any]:
        """Where :func:`url` asks, made of what crosses to another process."""
        host, port = self._listener.address
        return {"host": host, "port": port, "key": self._key}

    def close(self) -> None:
        """Tells nobody any more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError):
                continue
            except OSError:
                return
            Thread(target=self._tell, args=(connection,), daemon=True).start()

    def _tell(self, connection: "Connection[Any, Any]") -> None:
        with connection:
            try:
                connection.send((self._server.url(), None))
            except ServerError as error:
                connection.send((None, str(error)))


def url(place: dict[str, Any]) -> str:
    """The URL of the server, by the place that its host gave. Raises ``ServerError``."""
    try:
        with Client((place["host"], place["port"]), authkey=place["key"]) as connection:
            told, failure = connection.recv()
    except (OSError, EOFError, AuthenticationError) as error:
        raise ServerError(
            f"The process that started the tests does not tell the emulator's URL: {error}"
        ) from error
    if failure is not None:
        raise ServerError(failure)
    return str(told)
