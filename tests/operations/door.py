"""A door to the Docker engine, which a test can shut, and behind which it can have the registry dead."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import override

from infrastructure.tools import docker

_CHUNK = 1 << 16
_DEAD_REGISTRY = "localhost:1"


class Door:
    """A socket that leads to this machine's Docker engine; a class because it is opened and shut.

    While it is shut nobody is there, as after ``systemctl stop docker``; the engine and what it runs for others
    are left alone.
    """

    def __init__(self, path: Path) -> None:
        self.host = f"unix://{path}"
        self._path = path
        self._server: _Server | None = None

    def open(self) -> None:
        """Lets everybody through from now on."""
        self._server = _Server(str(self._path))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def shut(self) -> None:
        """Lets nobody through any more; who is through already stays."""
        assert self._server
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink()

    @contextmanager
    def watched(self) -> Iterator[set[int]]:
        """Gathers the ids of the processes that come through while the block runs."""
        assert self._server
        visitors: set[int] = set()
        self._server.visitors = visitors
        yield visitors

    def lose_registry(self, registry: str | None) -> None:
        """From now on what is pushed to ``registry`` goes to a port where nothing listens; ``None``: no more."""
        assert self._server
        self._server.lost = registry


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    lost: str | None = None

    def __init__(self, path: str) -> None:
        self.visitors: set[int] = set()
        super().__init__(path, _Handler)


class _Handler(socketserver.BaseRequestHandler):
    @override
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        peer = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self.server.visitors.add(struct.unpack("3i", peer)[0])
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(docker.endpoint().host.removeprefix("unix://"))
            back = threading.Thread(target=self._pass_back, args=(engine,), daemon=True)
            back.start()
            with suppress(OSError):
                while message := self.request.recv(_CHUNK):
                    engine.sendall(self._diverted(message))
                engine.shutdown(socket.SHUT_WR)
            back.join()

    def _pass_back(self, engine: socket.socket) -> None:
        with suppress(OSError):
            while message := engine.recv(_CHUNK):
                self.request.sendall(message)
            self.request.shutdown(socket.SHUT_WR)

    def _diverted(self, message: bytes) -> bytes:
        """The message; where it is a push to the lost registry, one to a port where nothing listens."""
        assert isinstance(self.server, _Server)
        lost, (line, *_) = self.server.lost, message.split(b"\r\n", 1)
        if not lost or not line.startswith(b"POST") or b"/push?" not in line:
            return message
        name, tag = line.split(b"/images/")[1].split(b" ")[0].split(b"/push?tag=")
        client = docker.endpoint().client()
        elsewhere = name.decode().replace(lost, _DEAD_REGISTRY)
        client.images.get(f"{name.decode()}:{tag.decode()}").tag(elsewhere, tag.decode())
        return message.replace(name, elsewhere.encode(), 1)
