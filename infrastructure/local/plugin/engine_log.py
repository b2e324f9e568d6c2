"""Log lines for the person who runs a deploy, sent to the engine that shows them."""

import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 5


class EngineLog:
    """The log of the engine at ``address``; an empty address means that there is none.

    A class because it keeps one connection, made with the first line. A line that the engine does not take is
    dropped: the engine is then ending, and the deploy with it.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None

    def write(self, message: str, urn: str = "", *, ephemeral: bool = False) -> None:
        """Logs ``message`` about the resource ``urn``; an ``ephemeral`` one is shown only until the next."""
        request = engine_pb2.LogRequest(
            severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=ephemeral
        )
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
        """Ends the connection; later lines are dropped."""
        with self._lock:
            self._address = ""
            if self._channel:
                self._channel.close()
