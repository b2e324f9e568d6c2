"""The same request, asked of the functions in process in the same moment of the same data, as the tests' own gateway
asks them."""

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import authorizer
import main
from routes import Route
from serve.environment import Place, environment
from serve.options import Options
from serve.routing import decoded
from tests.serve.conftest import NAME
from tests.support import identity
from tests.support.gateway import Context, Gateway
from tests.support.sample_requests import Answered, SampleRequest
from tests.support.sample_sending import content
from utils.stores import sqlite_file

_OWN = re.compile(
    r"(?P<jwt>eyJ[\w-]+\.[\w-]+\.[\w-]*)"
    r"|(?:request-)?(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"
    r"|(?P<secret>(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{20,}(?![\w-]))"
    r"|(?P<hash>(?<![\w-])[0-9a-f]{32,}(?![\w-]))"
    r"|(?P<number>(?<![\w-])\d{10,16}(?![\w-]))"
)
"""What is another each time: tokens, ids, times, random texts."""
_OF_HTTP = frozenset({"date", "content-length", "apigw-requestid", "connection", "set-cookie"})


class Twin:
    """Answers by the functions in process, from a copy of what the server at ``url`` has in ``folder``, which is made
    before each request, so that nothing of it is seen by the server."""

    def __init__(self, url: str, folder: Path, copy: Path) -> None:
        self._source = folder / "table.sqlite"
        self._copy = copy / "table.sqlite"
        port = urlsplit(url).port or 0
        self.environment = {
            **environment(Options(issuer_hosts=(NAME,)), Place(folder, is_temporary=False), url, port),
            "TABLE_NAME": f"sqlite:{self._copy}?synchronous=off",
            "PUBLIC_JWKS": (folder / "public-keys.json").read_text(),
            "LOG_LEVEL": "ERROR",
        }

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Meanwhile the environment of this process is that of its functions."""
        with patch.dict(os.environ, self.environment):
            identity.forget()
            yield
        identity.forget()

    def send(self, request: SampleRequest) -> Answered:
        """The answer to ``request``."""
        headers, body = content(request)
        self._be_as_the_server()
        event, route = self._event(request, headers, body)
        if route.scope is not None:
            claims = self._claims(headers.get("authorization"), event["routeKey"])
            if isinstance(claims, Answered):
                return claims
            event["requestContext"]["authorizer"] = {"lambda": claims}
        answer = getattr(main, route.entry)(event, Context())
        lower = {name.lower(): value for name, value in answer["headers"].items()}
        given = (cookie.partition(";")[0].partition("=") for cookie in answer.get("cookies", ()))
        cookies = {name: value for name, _, value in given}
        # The gateway gives a type to an answer without content too.
        typed = {"content-type": "application/json", **lower}
        return Answered(answer["statusCode"], typed, answer.get("body") or "", cookies)

    def _event(
        self, request: SampleRequest, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[dict[str, Any], Route]:
        path, _, query = request.target.partition("?")
        gateway = Gateway(address="127.0.0.1")
        event, route = gateway.event(
            request.route.method,
            f"{decoded(path).replace('?', '%3F')}?{query}",
            raw=body,
            headers=headers,
            cookies=request.cookies,
        )
        return event, route

    def _claims(self, authorization: str | None, key: str) -> Any:
        """The authorizer's context, or the gateway's own answer."""
        if not authorization:
            return _by_gateway(401, "Unauthorized")
        decision = authorizer.handler(identity.authorizer_event(authorization, key), Context())
        return decision["context"] if decision["isAuthorized"] else _by_gateway(403, "Forbidden")

    def _be_as_the_server(self) -> None:
        sqlite_file.forget(self.environment["TABLE_NAME"])
        with closing(sqlite3.connect(self._source)) as source, closing(sqlite3.connect(self._copy)) as copy:
            source.backup(copy)


def _by_gateway(status: int, message: str) -> Answered:
    return Answered(status, {"content-type": "application/json"}, f'{{"message":"{message}"}}', {})


def difference(answer: Answered, expected: Answered) -> str:
    """Where two answers differ but in what is another each time and in what HTTP alone has; empty where they do not."""
    ours, theirs = _plain(answer), _plain(expected)
    if ours == theirs:
        return ""
    at = next((at for at, both in enumerate(zip(ours, theirs, strict=False)) if both[0] != both[1]), 0)
    return f"…{ours[max(0, at - 80) : at + 80]!r}, not …{theirs[max(0, at - 80) : at + 80]!r}"


def _plain(answer: Answered) -> str:
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in _OF_HTTP and not name.startswith("access-control-")
    }
    shown = [answer.status, sorted(headers.items()), sorted(answer.cookies.items()), answer.text]
    return _OWN.sub(lambda found: f"<{found.lastgroup}>", str(shown))
