"""Serves the page of a local stack's dashboard to this machine's browser."""

import http
import json
import secrets
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

from infrastructure.errors import DeployError

_PAGE = Path(__file__).with_name("dashboard.html")


def server(data: Callable[[], dict[str, Any]], port: int = 0) -> ThreadingHTTPServer:
    """A server on ``port`` of the loopback interface, by default a free one.

    It answers the page at ``/`` and what ``data`` returns at ``/data``, 503 with the cause where that raises
    ``DeployError``. Raises ``DeployError`` where the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # A page of another name that resolves to this machine must not read the logs' figures.
            if (self.headers["Host"] or "").rpartition(":")[0] not in {"127.0.0.1", "localhost"}:
                self._answer(http.HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"")
            elif self.path == "/":
                nonce = secrets.token_urlsafe(16)
                page = _PAGE.read_text().replace("{nonce}", nonce)
                self._answer(http.HTTPStatus.OK, "text/html; charset=utf-8", page.encode(), nonce)
            elif self.path == "/data":
                try:
                    status, value = http.HTTPStatus.OK, data()
                except DeployError as error:
                    status, value = http.HTTPStatus.SERVICE_UNAVAILABLE, {"error": error.cause}
                self._answer(status, "application/json", json.dumps(value).encode())
            else:
                self._answer(http.HTTPStatus.NOT_FOUND, "text/plain", b"")

        def _answer(self, status: http.HTTPStatus, content: str, body: bytes, nonce: str = "") -> None:
            own = (
                f"style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
                if nonce
                else ""
            )
            self.send_response(status)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Security-Policy", f"default-src 'none'; {own}frame-ancestors 'none'")
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Says nothing of requests."""

    try:
        return ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise DeployError(
            f"Port {port} cannot be had: {error.strerror}.", "Name another: make dashboard PORT=…"
        ) from None
