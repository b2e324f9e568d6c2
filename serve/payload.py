"""Requests as events and answers as HTTP, by the payload format 2.0 (API Gateway Developer Guide: "Create AWS Lambda
proxy integrations for HTTP APIs")."""

import base64
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl
from uuid import uuid4

from serve.routing import Match, decoded

type Headers = list[tuple[str, str]]

_TEXT_TYPES: Final = ("application/json", "application/javascript", "application/xml")
_WITHOUT_LENGTH: Final = (204, 304)
_STAGE: Final = "$default"
JSON: Final = ("content-type", "application/json")


class Incoming(NamedTuple):
    """A request as it came in; header names in lower case, values of one name joined by commas."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: bytes
    address: str
    protocol: str
    id: str

    @classmethod
    def of(cls, scope: Mapping[str, Any], body: bytes) -> "Incoming":
        """The request of an ASGI ``scope``."""
        headers: dict[str, str] = {}
        cookies: list[str] = []
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name == "cookie":
                cookies += [one.strip() for one in value.split(";")]
            else:
                headers[name] = f"{headers[name]},{value}" if name in headers else value
        if scope.get("scheme") == "https":
            headers.setdefault("x-forwarded-proto", "https")  # of what came over TLS, as a gateway says it
        client = scope.get("client")
        return cls(
            scope["method"],
            decoded(scope["raw_path"].decode("latin-1")),
            scope["query_string"].decode("latin-1"),
            headers,
            tuple(cookies),
            body,
            client[0] if client else "",
            f"HTTP/{scope['http_version']}",
            str(uuid4()),
        )

    def context(self, match: Match) -> dict[str, Any]:
        """What the event tells of the request besides the request itself."""
        now = time.time()
        return {
            "accountId": "000000000000",
            "apiId": "psn-emulator",
            "domainName": self.headers.get("host", ""),
            "domainPrefix": "psn-emulator",
            "http": {
                "method": self.method,
                "path": self.path,
                "protocol": self.protocol,
                "sourceIp": self.address,
                "userAgent": self.headers.get("user-agent", ""),
            },
            "requestId": self.id,
            "routeKey": match.key,
            "stage": _STAGE,
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        }

    def _common(self, match: Match) -> dict[str, Any]:
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": match.key,
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": self.context(match),
        }
        if self.cookies:
            event["cookies"] = self.cookies
        if self.query:
            event["queryStringParameters"] = _joined(parse_qsl(self.query, keep_blank_values=True))
        if match.parameters:
            event["pathParameters"] = match.parameters
        return event

    def event(self, match: Match, authorized: Mapping[str, Any] | None) -> dict[str, Any]:
        """The event for the function of the route, with what the authorizer said of the caller, if it was asked."""
        event = self._common(match)
        if authorized is not None:
            event["requestContext"]["authorizer"] = {"lambda": authorized}
        is_text = _is_text(self.headers.get("content-type", ""))
        event["isBase64Encoded"] = bool(self.body) and not is_text
        if self.body:
            event["body"] = (
                self.body.decode("utf-8", "replace") if is_text else base64.b64encode(self.body).decode()
            )
        return event

    def authorizer_event(self, match: Match) -> dict[str, Any]:
        """The event for the authorizer, whose identity sources are the header and the route's key."""
        return {
            **self._common(match),
            "type": "REQUEST",
            "routeArn": f"arn:aws:execute-api:us-east-1:000000000000:psn-emulator/{_STAGE}/{self.method}{self.path}",
            "identitySource": [self.headers["authorization"], match.key],
        }


class Outgoing(NamedTuple):
    """An answer; header names as the function spelt them, but for the letters' case, which HTTP leaves open."""

    status: int
    headers: Headers
    body: bytes

    @classmethod
    def of_gateway(cls, status: int, message: str) -> "Outgoing":
        """What the gateway answers by itself."""
        return cls(status, [JSON], f'{{"message":"{message}"}}'.encode())

    @classmethod
    def of_function(cls, answer: Mapping[str, Any]) -> "Outgoing":
        """What a function answered; an answer without a type is JSON."""
        headers = [(name.lower(), value) for name, value in (answer.get("headers") or {}).items()]
        if not any(name == "content-type" for name, _ in headers):
            headers.append(JSON)
        headers += [("set-cookie", cookie) for cookie in answer.get("cookies") or ()]
        text: str = answer.get("body") or ""
        body = (
            base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
        )
        return cls(answer["statusCode"], headers, body)

    def raw_headers(self, more: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        """The headers with ``more`` and the body's length, as ASGI takes them."""
        length = [] if self.status in _WITHOUT_LENGTH else [("content-length", str(len(self.body)))]
        return [(name.encode(), value.encode()) for name, value in (*self.headers, *more, *length)]


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _is_text(content_type: str) -> bool:
    """Whether the gateway tells a body of this type as text; it tells others in base64."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith("text/") or media_type in _TEXT_TYPES
