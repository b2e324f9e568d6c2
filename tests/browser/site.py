"""What a browser meets: the API over HTTP, in process, and the application of a client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import authorizer
import routes
from infrastructure.stack import seeds
from tests.support import identity
from tests.support.gateway import Context, Gateway

BASE = "/_aws/execute-api/psn/$default"
"""The path that the API is under, as that of a local stack is."""

_HOME = '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>App</title><h1>App</h1>'


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve by ``handler`` on a port of this machine that is free."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False  # so that none answers any more when this ends
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class Quiet(BaseHTTPRequestHandler):
    """A handler that does not log."""

    def log_message(self, *_args: Any) -> None:
        """Nothing."""

    def answer(self, status: int, headers: list[tuple[str, str]], text: str) -> None:
        """Send one answer."""
        body = text.encode()
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class API(Quiet):
    """The API as the local gateway serves it: under a path, with cookies in the header, behind its authorizer."""

    def do_GET(self) -> None:
        """Any route."""
        self._serve()

    def do_POST(self) -> None:
        """Any route."""
        self._serve()

    def do_PUT(self) -> None:
        """Any route."""
        self._serve()

    def do_DELETE(self) -> None:
        """Any route."""
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        target = self.path.removeprefix(BASE)
        headers = dict(self.headers.items())
        event, route = Gateway().event(self.command, target, headers=headers)
        if route.scope is not None and "authorization" not in self.headers:
            self.answer(401, [("Content-Type", "application/json")], '{"message":"Unauthorized"}')
            return
        decision = _decision(event, route)
        if not decision["isAuthorized"]:
            self.answer(403, [("Content-Type", "application/json")], '{"message":"Forbidden"}')
            return
        answer = Gateway(decision["context"]).send(self.command, target, raw=raw, headers=headers)
        cookies = [("Set-Cookie", cookie) for cookie in answer.cookies]
        # The gateway gives a type to an answer without content too.
        typed = [] if "content-type" in answer.headers else [("Content-Type", "application/json")]
        self.answer(answer.status, [*answer.headers.items(), *typed, *cookies], answer.text)


def _decision(event: Mapping[str, Any], route: routes.Route) -> dict[str, Any]:
    """Whether the request may reach ``route``, and what its function is told of the caller."""
    if route.scope is None:
        return {"isAuthorized": True, "context": {}}
    authorization = event["headers"].get("authorization", event["headers"].get("Authorization"))
    return authorizer.handler(identity.authorizer_event(authorization, route.key), Context())


@contextmanager
def local_stack(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base URL of the API with the users and clients of a local stack, over the application's table."""
    with serving(API) as port:
        url = f"http://localhost:{port}{BASE}"
        patch.setenv("ISSUER", url)
        patch.setenv("TRUSTED_ISSUER", url)
        identity.publish(patch, identity.KEY)
        identity.store_keys(identity.KEY)
        file = Path(__file__).resolve().parents[2] / "infrastructure" / "seeds" / "local.yaml"
        entries = seeds.read_seed(file, audience=identity.AUDIENCE, defaults_allowed=True).model_dump(
            mode="json"
        )
        identity.store_seed(*entries["users"], registered=entries["clients"])
        yield url


@dataclass
class Application:
    """A client's application: what came back to it."""

    url: str
    answers: list[Mapping[str, str]] = field(default_factory=list)
    home: str | None = None
    """Where it sends the browser on to, if anywhere."""

    @property
    def callback(self) -> str:
        """Its redirect URI."""
        return f"{self.url}/callback"

    @property
    def goodbye(self) -> str:
        """Its URI for those who logged out."""
        return f"{self.url}/goodbye"


@contextmanager
def application() -> Iterator[Application]:
    """A client's application that notes the parameters of every answer."""
    app = Application("")

    class Handler(Quiet):
        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            if query:
                app.answers.append(query)
            if app.home:
                self.answer(302, [("Location", app.home)], "")
            else:
                self.answer(200, [("Content-Type", "text/html")], _HOME)

    with serving(Handler) as port:
        app.url = f"http://127.0.0.1:{port}"
        yield app
