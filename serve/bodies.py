"""Reading the bodies of requests, with bounds on what one may have, and on what all together may hold of memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Final

from serve.payload import Outgoing

type Scope = Mapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_BODY_BYTES: Final = 10 << 20
"""The most of a body (API Gateway Developer Guide: "Quotas for HTTP APIs")."""
_HELD_BYTES: Final = 256 << 20
"""The most of all bodies that are being read or answered."""
_BODY_SECONDS: Final = 120
"""How long a body may take in all, however steadily it comes."""
_CONTENT: Final = b"content-length"

TOO_LARGE: Final = 413, "Request Entity Too Large"
UNAVAILABLE: Final = 503, "Service Unavailable"
_TOO_SLOW: Final = 408, "Request Timeout"


class RefusedError(Exception):
    """The gateway answers by itself."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.outgoing = Outgoing.of_gateway(status, message)


class GoneError(Exception):
    """The caller has gone, so nobody waits for an answer."""


class Bodies:
    """The bodies of the requests under way."""

    def __init__(self, most: int = _HELD_BYTES, seconds: float = _BODY_SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._held = 0

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive) -> AsyncIterator[bytes]:
        """The body of a request, which is held until the block ends.

        Raises :class:`RefusedError` when it is too large (413), takes too long (408), or there is no room for it
        beside the others (503), and :class:`GoneError` when the caller has gone.
        """
        if int(dict(scope["headers"]).get(_CONTENT, 0)) > _BODY_BYTES:
            raise RefusedError(*TOO_LARGE)
        chunks: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    await self._receive(receive, chunks)
            except TimeoutError:
                raise RefusedError(*_TOO_SLOW) from None
            yield b"".join(chunks)
        finally:
            self._held -= sum(map(len, chunks))

    async def _receive(self, receive: Receive, chunks: list[bytes]) -> None:
        more, size = True, 0
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            chunks.append(chunk)
            size += len(chunk)
            self._held += len(chunk)
            if size > _BODY_BYTES:
                raise RefusedError(*TOO_LARGE)
            if self._held > self._most:
                raise RefusedError(*UNAVAILABLE)
