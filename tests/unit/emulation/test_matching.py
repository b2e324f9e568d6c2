"""Which requests are meant: by rules of faults, and by questions to the journal."""

from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from models.match_body import MatchBody
from models.matching import Match
from services.emulation.callers import FIRST_PARTY
from services.emulation.matching import Asked, criteria, matches, path_matches
from services.identity.seed import FIRST_PARTY_CLIENT
from tests.support.gateway import Gateway
from utils.http import Request

PLAYER = "0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11"
JWT = "e30." + b64encode(b'{"sub": "someone", "client_id": "demo-web"}').decode().rstrip("=") + ".c2ln"


def asked(method: str, target: str, claims: dict[str, Any] | None = None, **options: Any) -> Asked:
    event, route = Gateway(claims or {}).event(method, target, **options)
    return Asked.of(Request.from_event(event, route.name))


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("/players", "/players", True),
        ("/players", "/players/", False),
        ("/players", "/players/7", False),
        ("/players/*", "/players/7", True),
        ("/players/*", "/players", False),
        ("/players/*", "/players/", False),
        ("/players/*", "/players/7/stats", False),
        ("/players/*/stats", "/players/7/stats", True),
        ("/players/{player_id}/stats", "/players/7/stats", True),
        ("/players/**", "/players", True),
        ("/players/**", "/players/7/stats", True),
        ("/players/**", "/playersong", False),
        ("/**", "/trophies/7", True),
        ("/trophies/a%20b", "/trophies/a b", True),
        ("/trophies/%2A", "/trophies/*", True),
        ("/trophies/%2A", "/trophies/7", False),
    ],
)
def test_paths(pattern: str, path: str, is_match: bool) -> None:
    assert path_matches(pattern, path) is is_match


@pytest.mark.parametrize(
    ("match", "is_match"),
    [
        ({}, True),
        ({"method": "get", "path": "/players/{player_id}"}, True),
        ({"method": "PUT"}, False),
        ({"sub": "someone", "client_id": "demo-web", "player_id": PLAYER.upper()}, True),
        ({"sub": "another"}, False),
        ({"client_id": "another"}, False),
        ({"player_id": "another"}, False),
        ({"header": {"X-Run": "7"}}, True),
        ({"header": {"X-Run": "8"}}, False),
        ({"header": {"X-Run": "7", "X-Other": "7"}}, False),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/s/ci-7"])
def test_all_that_a_match_says_has_to_hold(match: dict[str, Any], is_match: bool, prefix: str) -> None:
    request = asked(
        "GET",
        f"{prefix}/players/{PLAYER}",
        {"sub": "someone", "client_id": "demo-web"},
        headers={"x-run": "7"},
    )
    assert matches(MatchBody.model_validate(match).to_match(), request) is is_match


def test_each_criterion_tells_what_was_expected_and_what_there_is() -> None:
    match = Match("GET", "/players", header={"X-Run": "7"})
    told = [
        (criterion.field, criterion.expected, criterion.actual, criterion.ok)
        for criterion in criteria(match, Asked("GET", "/players/1"))
    ]
    assert told == [
        ("method", "GET", "GET", True),
        ("path", "/players", "/players/1", False),
        ("header.x-run", "7", None, False),
    ]


@pytest.mark.parametrize(
    ("target", "options", "sub", "client_id"),
    [
        ("/auth/token", {"body": {"username": "testuser"}}, None, FIRST_PARTY_CLIENT.client_id),
        (
            "/auth/token",
            {"raw": "client_id=demo-web", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            None,
            "demo-web",
        ),
        (
            "/auth/token",
            {"headers": {"authorization": f"Basic {b64encode(b'demo%2Dweb:secret').decode()}"}},
            None,
            "demo-web",
        ),
        ("/auth/authorize?client_id=demo-web", {}, None, "demo-web"),
        ("/auth/userinfo", {"headers": {"authorization": f"Bearer {JWT}"}}, "someone", "demo-web"),
        (
            "/auth/userinfo",
            {
                "raw": f"access_token={JWT}",
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
            "someone",
            "demo-web",
        ),
        ("/trophies", {"headers": {"authorization": f"Bearer {JWT}"}}, "someone", "demo-web"),
        ("/trophies", {"headers": {"authorization": "Basic !"}}, None, None),
        ("/trophies", {"headers": {"authorization": "Bearer a.b.c"}}, None, None),
        (
            "/auth/token",
            {"raw": b"client_id=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
            None,
            None,
        ),
    ],
)
def test_the_caller_is_who_the_request_says(
    target: str, options: dict[str, Any], sub: str | None, client_id: str | None
) -> None:
    request = asked("GET" if "authorize" in target else "POST", target, **options)
    assert (request.sub, request.client_id) == (sub, client_id)


def test_the_client_of_logins_in_json_is_the_identity_providers() -> None:
    assert FIRST_PARTY_CLIENT.client_id == FIRST_PARTY


@pytest.mark.parametrize(
    "match",
    [
        {"path": "players"},
        {"path": "/"},
        {"path": "/s/ci-7/players"},
        {"path": "/_emulator/faults"},
        {"path": "/docs"},
        {"path": "/players/7*"},
        {"path": "/players?limit=2"},
        {"path": "/players#one"},
        {"path": "/players/**/stats"},
        {"path": "/players/{player_id"},
        {"method": "GET POST"},
        {"sub": ""},
        {"header": {"X Run": "7"}},
        {"body": {}},
    ],
)
def test_what_would_match_nothing_is_refused(match: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MatchBody.model_validate(match)
