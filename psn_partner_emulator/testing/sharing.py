"""One server for all test processes of a run: the process that started them has it, and tells them its URL.

Who asks proves by the key of the run that it is of it, and so does the answer: a line each, over TCP on this machine.
"""

import hmac
import json
import secrets
import socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

from .server import Server, ServerError

ASK_SECONDS = 10
"""How long a connection may take to ask; then it is closed."""
ANSWER_SECONDS = 60
"""How long an answer may take, which is there when the server has started."""
_LINE = 1 << 16


class Host:
    """Tells test processes the URL of ``server``, which the first that asks has started. What connects and does not
    ask as they do harms nobody else."""

    def __init__(self, server: Server, ask_seconds: float = ASK_SECONDS) -> None:
        self._key = secrets.token_bytes(32)
        self._listener = _Listener(server, self._key, ask_seconds)
        Thread(target=self._listener.serve_forever, daemon=True).start()

    @property
    def place(self) -> dict[str, Any]:
        """Where :func:`url` asks, made of what crosses to another process."""
        host, port = self._listener.server_address[:2]
        return {"host": host, "port": port, "key": self._key}

    def close(self) -> None:
        """Tells nobody any more."""
        self._listener.shutdown()
        self._listener.server_close()


class _Listener(ThreadingTCPServer):
    """Answers each connection in a thread of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, server: Server, key: bytes, ask_seconds: float) -> None:
        self.emulator = server
        self.key = key
        self.ask_seconds = ask_seconds
        super().__init__(("127.0.0.1", 0), _Answer)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An error of one connection ends it and is nobody else's."""


class _Answer(StreamRequestHandler):
    """The answer to one connection."""

    server: _Listener

    def setup(self) -> None:
        """Limits how long it waits for the question."""
        self.request.settimeout(self.server.ask_seconds)
        super().setup()

    def handle(self) -> None:
        """Tells the URL, or why there is none, where the question has the key."""
        key = self.server.key
        nonce, _, proof = self.rfile.readline(_LINE).strip().partition(b" ")
        if not hmac.compare_digest(proof, _proof(key, b"question", nonce)):
            return
        try:
            told = {"url": self.server.emulator.url()}
        except ServerError as error:
            told = {"failure": str(error)}
        answer = json.dumps(told).encode()
        self.wfile.write(_proof(key, b"answer", nonce, answer) + b" " + answer + b"\n")


def url(place: dict[str, Any], seconds: float = ANSWER_SECONDS) -> str:
    """The URL of the server, by the place that its host gave. Raises ``ServerError``, after ``seconds`` at the
    latest where nothing is told."""
    key, nonce = place["key"], secrets.token_hex(16).encode()
    try:
        with socket.create_connection((place["host"], place["port"]), timeout=seconds) as connection:
            connection.sendall(nonce + b" " + _proof(key, b"question", nonce) + b"\n")
            with connection.makefile("rb") as answers:
                proof, _, answer = answers.readline(_LINE).strip().partition(b" ")
    except OSError as error:
        why = f"nothing in {seconds:g} s" if isinstance(error, TimeoutError) else str(error)
        raise ServerError(_untold(why)) from error
    if not hmac.compare_digest(proof, _proof(key, b"answer", nonce, answer)):
        raise ServerError(_untold("what answers in its place is another"))
    told = json.loads(answer)
    if "failure" in told:
        raise ServerError(told["failure"])
    return str(told["url"])


def _proof(key: bytes, *parts: bytes) -> bytes:
    """What only who has the key can make of ``parts``."""
    return hmac.new(key, b" ".join(parts), "sha256").hexdigest().encode()


def _untold(why: str) -> str:
    return f"The process that started the tests does not tell the emulator's URL: {why}"
