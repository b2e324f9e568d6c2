"""The table of errors: the routes that it is held against, and what every problem has."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import routes
from tests.support.gateway import Answer, Gateway
from tests.support.players import FULL, made

type Send = Callable[..., Answer]

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
READING = [
    route for route in routes.ROUTES if route.path.startswith("/players") and route.method in {"POST", "PUT"}
]
SCOPED = [route for route in routes.ROUTES if route.scope]
OF_A_PLAYER = [route for route in routes.ROUTES if "{player_id}" in route.path]
GOOD = {"players-create": FULL, "players-update": FULL, "stats-post": {"outcome": "win"}}

INVALID: dict[str, Any] = {
    "none of the fields": {},
    "an array": [],
    "a text": "kratos",
    "null": None,
    "a field that nobody knows": {"admin": True},
    "4,000 digits": {"score": 10**4_000 - 1, "email": 10**4_000 - 1},
    "9,000 arrays in each other": json.loads("[" * 9_000 + "]" * 9_000),
}


def problem(answer: Answer, status: int, code: str) -> Any:
    """The problem, which must be one by RFC 9457 of this ``status`` and ``code``."""
    details = answer.json()
    assert (answer.status, answer.code) == (status, code)
    assert details.keys() == MEMBERS | ({"errors"} if code == "validation_error" else set())
    assert (details["status"], details["type"]) == (status, f"urn:psn-emulator:error:{code}")
    assert details["request_id"] == answer.headers["x-request-id"]
    assert details["title"]
    assert details["detail"]
    assert answer.headers["cache-control"] == "no-store"
    return details


@pytest.fixture
def send(api: Gateway) -> Send:
    """Sends a request to a route, about a player that is there and with a good body unless told otherwise."""
    player_id = made(api, "atreus")["player_id"]

    def to(route: routes.Route, player_id: str = player_id, **options: Any) -> Answer:
        if route.name in GOOD and not options.keys() & {"body", "raw"}:
            options["body"] = GOOD[route.name]
        return api.send(route.method, route.path.replace("{player_id}", player_id), **options)

    return to
