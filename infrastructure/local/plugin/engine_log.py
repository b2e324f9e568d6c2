"""Lines for the person who watches a deploy, through the engine that runs it."""

import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 5


class EngineLog:
    """The log of the engine at ``address``.

    A class because it keeps one connection, made with the first line. A line that the engine does not take is
    lost: the engine is then going away, and the deploy with it.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None

    def say(self, message: str, urn: str = "", *, passing: bool = False) -> None:
        """Logs ``message``, about the resource ``urn`` if given; a ``passing`` one may be shown and forgotten."""
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=passing)
        with self._lock:
            if not self._address:
                return
            if self._channel is None:
                self._channel = grpc.insecure_channel(self._address)
            engine = engine_pb2_grpc.EngineStub(self._channel)
        try:
            engine.Log(request, timeout=_SECONDS)
        except (grpc.RpcError, ValueError):  # gone, or closed meanwhile
            return

    def close(self) -> None:
        """Ends the connection; lines that come later are lost."""
        with self._lock:
            self._address = ""
            if self._channel:
                self._channel.close()
