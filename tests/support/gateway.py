"""The gateway in front of the entry points, in process: routes as the HTTP API does and speaks its payload 2.0."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import main
import routes
from services import clock
from services.identity import sessions
from utils import table
from utils.sandbox import DEFAULT, Sandbox
from utils.writes import Put


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)

    @property
    def data(self) -> Any:
        """The ``data`` of an ``APIResponse``."""
        return self.json()["data"]

    @property
    def code(self) -> str:
        """The ``code`` of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        code: str = self.json()["code"]
        return code


@dataclass(frozen=True)
class Context:
    """What Lambda passes along."""

    aws_request_id: str = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        """None, so that a smoke event does not wait for permissions."""
        return 0


@dataclass
class Gateway:
    """Sends requests to the entry points, with ``claims`` as the authorizer's context on routes with a scope, for
    a caller at the IP ``address``."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    address: str = "192.0.2.1"

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        raw: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; ``body`` goes as JSON, ``raw`` as it is (``bytes`` in base64).

        Whatever a route answers, the OpenAPI document has to tell of.
        """
        event, route = self.event(method, target, body=body, raw=raw, headers=headers, cookies=cookies)
        answer = getattr(main, route.entry)(event, Context())
        lower = {name.lower(): value for name, value in answer["headers"].items()}
        text = answer.get("body", "")
        if route is not routes.FALLBACK:
            from tests.support.described import require_described

            require_described(route, answer["statusCode"], lower, text)
        return Answer(answer["statusCode"], lower, text, tuple(answer.get("cookies", ())))

    def get(self, target: str, **options: Any) -> Answer:
        """``GET target``."""
        return self.send("GET", target, **options)

    def post(self, target: str, body: Any = None, **options: Any) -> Answer:
        """``POST target`` with ``body`` as JSON."""
        return self.send("POST", target, body=body, **options)

    def put(self, target: str, body: Any = None, **options: Any) -> Answer:
        """``PUT target`` with ``body`` as JSON."""
        return self.send("PUT", target, body=body, **options)

    def delete(self, target: str, **options: Any) -> Answer:
        """``DELETE target``."""
        return self.send("DELETE", target, **options)

    def event(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        raw: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], routes.Route]:
        """The event of a request, and the route that the gateway would choose."""
        path, _, query = target.partition("?")
        route, key, parameters = _route(method, path)
        sent = dict(headers or {})
        if body is not None:
            raw = json.dumps(body)
            sent = {"content-type": "application/json", **sent}
        joined: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        context: dict[str, Any] = {
            "requestId": f"request-{uuid4()}",
            "http": {"method": method, "path": path, "sourceIp": self.address},
        }
        if route.scope is not None:
            context["authorizer"] = {"lambda": dict(self.claims)}
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": sent,
            "requestContext": context,
            "isBase64Encoded": isinstance(raw, bytes),
        }
        if joined:
            event["queryStringParameters"] = joined
        if cookies:
            event["cookies"] = [f"{name}={value}" for name, value in cookies.items()]
        if parameters:
            event["pathParameters"] = parameters
        if raw is not None:
            event["body"] = b64encode(raw).decode() if isinstance(raw, bytes) else raw
        return event, route


def open_session(
    sandbox: Sandbox = DEFAULT, *, subject: str = "11111111-1111-4111-8111-111111111111"
) -> dict[str, Any]:
    """The claims of a token that is alive, its family and user in the table."""
    family, moment = str(uuid4()), clock.now(sandbox)
    pk, sk = sessions.family_key(sandbox, family)
    table.write(Put({"pk": pk, "sk": sk}))
    pk, sk = sessions.user_key(sandbox, subject)
    table.write(Put({"pk": pk, "sk": sk, "username": "someone", "status": sessions.ACTIVE}))
    return {
        "sub": subject,
        "client_id": "psn-emulator",
        "scope": "players:read players:write",
        "sandbox": sandbox.name,
        "generation": sandbox.generation,
        "jti": f"{family}.1",
        "nbf": int(moment.timestamp()) - 1,
        "exp": int((moment + timedelta(minutes=5)).timestamp()),
    }


def _route(method: str, path: str) -> tuple[routes.Route, str, dict[str, str]]:
    """The route that the gateway would choose, the key that it goes by, and what the path's parameters are."""
    for route in routes.ROUTES:
        for key in route.keys:
            template = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", key)
            if found := re.fullmatch(template, f"{method} {path}"):
                return route, key, found.groupdict()
    return routes.FALLBACK, "$default", {}
