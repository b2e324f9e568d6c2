"""HTTP/1.1 as the gateway takes it: by uvicorn's protocol, with bounds on what one connection and all may hold."""

import asyncio
import resource
import socket
from contextlib import suppress
from typing import Any, Final, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serve.gateway import HEAD_BYTES
from serve.payload import Outgoing

_PIECE: Final = 8 * 1024
"""So many bytes of a head are looked at in one go."""
_STALL_SECONDS: Final = 30
"""How long a head may take in all, and a body between two of its parts."""
_BACKLOG: Final = 2048
_ACCEPTED_AT_ONCE: Final = 16
_OWN_DESCRIPTORS: Final = 256
"""What the server needs besides connections: for its workers, and for what is accepted before it is counted."""
_MOST_CONNECTIONS: Final = 10_000
_FAILURES: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


def most_connections() -> int:
    """How many connections there may be at once, with as many descriptors as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return min(_MOST_CONNECTIONS, max(soft - _OWN_DESCRIPTORS, soft // 2))


class Server(uvicorn.Server):
    """uvicorn's server; it accepts a few connections in one go, so that those over the limit are counted in time, while
    the system lets many wait."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        self.config.backlog = _ACCEPTED_AT_ONCE
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(_BACKLOG)


class Protocol(HttpToolsProtocol):
    """A connection. A request that would upgrade it is answered as if it would not (RFC 9110 section 7.8)."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._in_head = True
        self._head_bytes = 0
        """Of a head of which the end has not come, with at most a piece of what came before it."""
        self._is_whole = True
        """Whether all has come of the request that came last."""
        self._has_moved = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection, unless there are too many."""
        super().connection_made(cast("asyncio.Transport", transport))
        if self._most is not None and len(self.connections) > self._most:
            self._refuse(503)
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        """Takes in a part of what comes."""
        self._is_whole = False
        while data and not self.transport.is_closing():
            was_head = self._in_head
            size = _PIECE if was_head else len(data)
            piece, data = data[:size], data[size:]
            self._unset_keepalive_if_required()
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                [end] = upgrade.args
                data = self._without_upgrade() + piece[end:] + data
                continue
            except httptools.HttpParserError:
                self._refuse(400)
                return
            self._head_bytes = self._head_bytes + len(piece) if was_head and self._in_head else 0
            if self._head_bytes > HEAD_BYTES + _PIECE:
                self._refuse(431)
        if self._is_whole or self.transport.is_closing():
            self._stop_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(_STALL_SECONDS, self._require_progress)

    def on_headers_complete(self) -> None:
        """Begins to answer; the parser itself passes over the body of a request that upgrades."""
        self._in_head = False
        self._head_bytes = 0
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Takes in a part of a body."""
        self._has_moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Ends a request."""
        self._in_head = True
        if not self.parser.should_upgrade():
            self._is_whole = True
            super().on_message_complete()

    def shutdown(self) -> None:
        """Ends the connection when what has come is answered; what has not come whole is refused."""
        if self.cycle is not None and self._is_unfinished() and not self.pipeline:
            self._refuse(503)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's
        """Refuses what is no request, in the gateway's words."""
        self._refuse(400)

    def _without_upgrade(self) -> bytes:
        """The head that has come, without what makes an upgrade of it, for another parser; empty where the method
        itself (CONNECT) takes the connection, which is refused."""
        method = self.parser.get_method()
        version = self.parser.get_http_version().encode()
        headers = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._in_head = True
        if method == b"CONNECT":
            self._refuse(400)
            return b""
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, b"".join(headers))

    def _is_unfinished(self) -> bool:
        return self.cycle.more_body and not self.cycle.response_started

    def _require_progress(self) -> None:
        """Ends a request that does not go on, unless it is us whom it waits for."""
        self._timer = None
        is_at_work = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if self._has_moved or is_at_work or self.flow.read_paused:
            self._has_moved = False
            self._timer = self.loop.call_later(_STALL_SECONDS, self._require_progress)
        else:
            self._refuse(408)

    def _stop_timer(self) -> None:
        self._has_moved = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int) -> None:
        """Answers by itself, where no other answer has begun, and ends the connection."""
        if self.transport.is_closing():
            return
        is_free = self.cycle is None or self.cycle.response_complete or self._is_unfinished()
        if is_free and not self.pipeline:
            answer = Outgoing.of_gateway(status, _FAILURES[status])
            headers = [*self.server_state.default_headers, *answer.raw_headers([("connection", "close")])]
            lines = [b"%b: %b\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", answer.body]))
        self.transport.close()
