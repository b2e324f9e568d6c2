"""Events are those that the deployed gateway was seen to send, answers become HTTP as there."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from routes import ROUTES
from serve.payload import Incoming, Outgoing
from serve.routing import Router
from tests.support import invoke

EVENTS = Path(invoke.__file__).with_name("gateway_events")
OF_THE_STACK = ("accountId", "apiId", "domainName", "domainPrefix", "requestId", "time", "timeEpoch")


def scope_of(event: dict[str, Any]) -> dict[str, Any]:
    """The ASGI scope of the request that became ``event``."""
    http = event["requestContext"]["http"]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": http["method"],
        "raw_path": event["rawPath"].encode(),
        "query_string": event["rawQueryString"].encode(),
        "headers": [(name.encode(), value.encode()) for name, value in event["headers"].items()],
        "client": (http["sourceIp"], 1),
    }


def plain(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what is each stack's own, and without what is not there."""
    context = {name: value for name, value in event["requestContext"].items() if name not in OF_THE_STACK}
    cookies = event["headers"].pop("cookie", None)
    event = {**event, "requestContext": context}
    if cookies:  # which the local AWS leaves in the header
        event["cookies"] = [one.strip() for one in cookies.split(";")]
    return {
        name: value
        for name, value in event.items()
        if value is not None and name not in {"routeArn", "stageVariables"}
    }


@pytest.mark.parametrize("file", sorted(EVENTS.iterdir()), ids=lambda file: file.stem)
def test_an_event_is_as_the_deployed_gateway_sends_it(file: Path) -> None:
    recorded = json.loads(file.read_text())
    body: str = recorded.get("body") or ""
    raw = base64.b64decode(body) if recorded.get("isBase64Encoded") else body.encode()
    incoming = Incoming.of(scope_of(recorded), raw)
    match = Router(ROUTES).find(incoming.method, incoming.path)
    if recorded.get("type") == "REQUEST":
        made = incoming.authorizer_event(match)
    else:
        made = incoming.event(match, recorded["requestContext"].get("authorizer", {}).get("lambda"))
    made = json.loads(json.dumps(made))
    if recorded.get("type") == "REQUEST":
        made["requestContext"] = {
            name: value
            for name, value in made["requestContext"].items()
            if name in recorded["requestContext"]
        }
    assert plain(made) == plain(recorded)


@pytest.mark.parametrize(
    ("scheme", "headers", "told"),
    [
        ("https", [], "https"),
        ("https", [(b"x-forwarded-proto", b"http")], "http"),
        ("http", [], None),
    ],
)
def test_what_came_over_tls_is_told_unless_a_proxy_knows_better(
    scheme: str, headers: list[tuple[bytes, bytes]], told: str | None
) -> None:
    context = {"http": {"method": "GET", "path": "/", "sourceIp": "127.0.0.1"}}
    scope = scope_of({"rawPath": "/", "rawQueryString": "", "headers": {}, "requestContext": context})
    incoming = Incoming.of({**scope, "scheme": scheme, "headers": headers}, b"")
    assert incoming.headers.get("x-forwarded-proto") == told


def test_headers_and_parameters_of_one_name_are_joined() -> None:
    scope = {
        **scope_of(
            {
                "requestContext": {"http": {"method": "GET", "sourceIp": "::1"}},
                "rawPath": "/players",
                "rawQueryString": "a=1&b=&a=2%20",
                "headers": {},
            }
        ),
        "headers": [
            (b"x-sandbox", b"a"),
            (b"cookie", b"a=1; b=2"),
            (b"x-sandbox", b"b"),
            (b"cookie", b"c=3"),
        ],
    }
    incoming = Incoming.of(scope, b"")
    event = incoming.event(Router(ROUTES).find("GET", "/players"), {})
    assert event["headers"] == {"x-sandbox": "a,b"}
    assert event["cookies"] == ("a=1", "b=2", "c=3")
    assert event["queryStringParameters"] == {"a": "1,2 ", "b": ""}
    assert event["rawQueryString"] == "a=1&b=&a=2%20"
    assert "body" not in event
    assert event["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("text/plain", True),
        ("application/x-www-form-urlencoded", False),
        ("application/octet-stream", False),
        ("", False),
    ],
)
def test_a_body_is_told_as_text_by_its_type(content_type: str, is_text: bool) -> None:
    scope = scope_of(
        {
            "requestContext": {"http": {"method": "POST", "sourceIp": ""}},
            "rawPath": "/players",
            "rawQueryString": "",
            "headers": {"content-type": content_type},
        }
    )
    event = Incoming.of(scope, b"\xffa").event(Router(ROUTES).find("POST", "/players"), {})
    assert event["isBase64Encoded"] is not is_text
    assert event["body"] == ("\ufffda" if is_text else "/2E=")


def test_an_answer_has_its_cookies_a_type_and_the_length_of_what_is_sent() -> None:
    answer = {"statusCode": 201, "headers": {"X-One": "1"}, "body": "é", "cookies": ["a=1", "b=2"]}
    headers = Outgoing.of_function(answer).raw_headers([("more", "2")])
    assert headers == [
        (b"x-one", b"1"),
        (b"content-type", b"application/json"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"more", b"2"),
        (b"content-length", b"2"),
    ]
    encoded = {
        "statusCode": 200,
        "headers": {"Content-Type": "image/png"},
        "body": "/2E=",
        "isBase64Encoded": True,
    }
    assert Outgoing.of_function(encoded) == (200, [("content-type", "image/png")], b"\xffa")
    assert (b"content-length", b"0") not in Outgoing.of_function({"statusCode": 204}).raw_headers([])
