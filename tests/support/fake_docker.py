"""A Docker engine's API on a Unix socket, as far as a test says what it answers.

Run as a program, ``fake_docker.py SOCKET``, it stands for a ``dockerd`` that has come up.
"""

import json
import re
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

Answer = tuple[int, Any]
Responder = Callable[[bytes], Answer]


@dataclass(frozen=True)
class Request:
    """What a client asked: ``POST /images/create?fromImage=…``, without the API's version."""

    line: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeDocker:
    """An engine that answers pings, and what else ``answers`` maps from ``METHOD /path`` patterns.

    An answer that is a string goes out as it is, anything else as JSON. What nothing matches is a 404.
    """

    def __init__(self, socket: Path, name: str = "elsewhere") -> None:
        self.host = f"unix://{socket}"
        self.requests: list[Request] = []
        self.answers: dict[str, Answer | Responder] = {
            "GET /version": (200, {"ApiVersion": "1.41", "MinAPIVersion": "1.12"}),
            "GET /_ping": (200, "OK"),
            "GET /info": (200, {"Name": name, "OperatingSystem": "Debian", "SecurityOptions": []}),
            "GET /networks": (200, []),
            "POST /networks/create": (201, {"Id": "net"}),
            "GET /networks/net": (200, {"Id": "net", "Name": "net"}),
            "GET /containers/json": (200, []),
            "GET /images/json": (200, []),
        }
        self._server = _Server(str(socket), _handler(self))

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        """Serves until the process ends."""
        self._server.serve_forever()

    def answer(self, line: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to one request, which is recorded."""
        self.requests.append(Request(line, body, headers))
        for pattern, answer in self.answers.items():
            if re.fullmatch(f"{pattern}(\\?.*)?", line):
                return answer if isinstance(answer, tuple) else answer(body)
        return 404, {"message": f"No such image or other thing: {line}"}

    def asked(self, pattern: str) -> list[Request]:
        """The requests so far that begin as ``pattern`` says."""
        return [request for request in self.requests if re.match(pattern, request.line)]


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up before it has its answer is no news."""


def _handler(docker: FakeDocker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            line = re.sub(r"^/v[\d.]+", "", self.path)
            status, answer = docker.answer(f"{self.command} {line}", self._body(), dict(self.headers))
            content = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content.encode())

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") == "chunked":
                return b"".join(iter(self._chunk, b""))
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _chunk(self) -> bytes:
            size = int(self.rfile.readline(), 16)
            chunk = self.rfile.read(size)
            self.rfile.readline()
            return chunk

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    return Handler


if __name__ == "__main__":
    sys.stdout.write("the engine has come up\n")
    sys.stdout.flush()
    FakeDocker(Path(sys.argv[1])).serve_forever()
