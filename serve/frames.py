"""Messages between the gateway and a worker: JSON, after its length in four bytes."""

import json
import socket
import struct
from typing import Any, Final

LENGTH: Final = struct.Struct(">I")


def packed(message: Any) -> bytes:
    """A message as it is sent."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return LENGTH.pack(len(body)) + body


def receive(connection: socket.socket) -> Any:
    """The next message; raises ``EOFError`` when the other side has gone."""
    [length] = LENGTH.unpack(_exactly(connection, LENGTH.size))
    return json.loads(_exactly(connection, length))


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise EOFError
        received += chunk
    return bytes(received)
