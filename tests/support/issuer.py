"""An issuer on this machine that publishes a JWK Set, and counts who asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Issuer:
    """What it publishes is ``body`` under ``status``; ``requests`` is how often it was asked."""

    def __init__(self, port: int) -> None:
        self.uri = f"http://127.0.0.1:{port}/.well-known/jwks.json"
        self.body = b'{"keys":[]}'
        self.status = 200
        self.requests = 0


@contextmanager
def running() -> Iterator[Issuer]:
    """An issuer that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.requests += 1
            self.send_response(issuer.status)
            self.end_headers()
            self.wfile.write(issuer.body)

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(server.server_port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
