"""Lines for the person who watches a deploy, through the engine that runs it."""

import threading
from typing import Literal

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
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def say(
        self,
        message: str,
        urn: str = "",
        *,
        severity: Literal["INFO", "WARNING", "DEBUG"] = "INFO",
        passing: bool = False,
    ) -> None:
        """Logs ``message``, about the resource ``urn`` if given; a ``passing`` one may be shown and forgotten."""
        if not self._address:
            return
        request = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity), message=message, urn=urn, ephemeral=passing
        )
        try:
            self._connected().Log(request, timeout=_SECONDS)
        except grpc.RpcError:
            return

    def _connected(self) -> engine_pb2_grpc.EngineStub:
        with self._lock:
            if self._stub is None:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
            return self._stub
