"""The header and the event around a good token: nothing that two readers would read differently is accepted."""

import json
from typing import Any

import pytest

import authorizer
from routes import FALLBACK, ROUTES, SCOPES
from tests.security.conftest import Denied
from tests.support.gateway import Context
from tests.support.identity import authorizer_event, good_token

HEADERS = {
    "two spaces": "Bearer  {token}",
    "a tab": "Bearer\t{token}",
    "a line feed": "Bearer\n{token}",
    "no space": "Bearer{token}",
    "an equals sign": "Bearer={token}",
    "a colon": "Bearer: {token}",
    "a space in front": " Bearer {token}",
    "a space behind": "Bearer {token} ",
    "a line feed behind": "Bearer {token}\n",
    "a carriage return behind": "Bearer {token}\r\n",
    "a null byte behind": "Bearer {token}\0",
    "a no-break space": "Bearer\u00a0{token}",
    "a zero-width space": "Bearer \u200b{token}",
    "full-width letters": "\uff22earer {token}",
    "quotes": 'Bearer "{token}"',
    "brackets": "Bearer <{token}>",
    "a parameter": "Bearer token={token}",
    "percent signs": "Bearer%20{token}",
    "the scheme twice": "Bearer Bearer {token}",
    "the token alone": "{token}",
    "the scheme alone": "Bearer",
    "the scheme and a space": "Bearer ",
    "another scheme": "Basic {token}",
    "DPoP": "DPoP {token}",
    "two headers, both good": "Bearer {token}, Bearer {token}",
    "two headers joined without a space": "Bearer {token},Bearer {token}",
    "two headers, the good one first": "Bearer {token},Basic dXNlcjpwYXNz",
    "two headers, the good one last": "Basic dXNlcjpwYXNz,Bearer {token}",
    "a comma behind": "Bearer {token},",
    "a semicolon behind": "Bearer {token};",
    "empty": "",
}

EVENTS: dict[str, Any] = {
    "nothing": {},
    "None": None,
    "a list": [],
    "a string": "Bearer",
    "a number": 7,
    "no identity sources": {"identitySource": None},
    "an empty list of sources": {"identitySource": []},
    "a third source": {"identitySource": ["a", "GET /players", "c"]},
    "sources as text": {"identitySource": "ab"},
    "sources that are no text": {"identitySource": [{}, []]},
    "no request context": {"identitySource": ["a", "GET /players"], "requestContext": None},
    "a request context that is none": {"identitySource": ["a", "GET /players"], "requestContext": [7]},
    "headers that are none": {"identitySource": ["a", "GET /players"], "headers": ["authorization"]},
    "a header that is no text": {"identitySource": ["a", "GET /players"], "headers": {"traceparent": 7}},
    "a smoke event with a request in it": {"smoke": True, "identitySource": ["a", "GET /players"]},
    "a smoke event that says 1": {"smoke": "yes"},
}


@pytest.mark.parametrize("form", HEADERS.values(), ids=HEADERS.keys())
def test_a_header_of_another_form_is_denied(form: str, denied: Denied) -> None:
    assert denied(form.format(token=good_token())) == "malformed"


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_an_event_of_another_form_is_denied_and_logged_as_an_error(
    event: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert authorizer.handler(event, Context()) == {"isAuthorized": False, "context": {}}
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["reason"]) in {
        ("ERROR", "error"),
        ("WARNING", "route"),
        ("WARNING", "malformed"),
    }


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scope], ids=lambda route: route.name)
class TestEveryRouteWithAScope:
    def test_opens_to_that_scope_alone(self, route: Any) -> None:
        event = authorizer_event(f"Bearer {good_token(scope=route.scope)}", route.key)
        assert authorizer.handler(event, Context())["isAuthorized"]

    @pytest.mark.parametrize(
        "scope",
        [
            "",
            " ",
            "openid profile email tokens:introspect",
            "players",
            "players:",
            "players:*",
            "*",
            "PLAYERS:READ PLAYERS:WRITE",
            "players:readwrite players:writeread",
            "players:read\tplayers:write",
            "players:read,players:write",
            "players:read\u00a0players:write",
        ],
    )
    def test_stays_shut_without_it(self, route: Any, scope: str, denied: Denied) -> None:
        assert denied(f"Bearer {good_token(scope=scope)}", route.key) == "scope"

    def test_stays_shut_to_all_other_scopes(self, route: Any, denied: Denied) -> None:
        others = " ".join(scope for scope in SCOPES if scope != route.scope)
        assert denied(f"Bearer {good_token(scope=others)}", route.key) == "scope"


@pytest.mark.parametrize(
    "route_key",
    [
        "",
        FALLBACK.key,
        "$default",
        "GET /auth/userinfo",
        "GET /healthz",
        "get /players",
        "GET /players/",
        "GET  /players",
        "PATCH /players",
        "ANY /players",
        "GET /players/{id}",
        "GET /players/../players",
    ],
)
def test_a_route_that_wants_no_scope_or_is_not_served_is_never_opened(route_key: str, denied: Denied) -> None:
    assert denied(f"Bearer {good_token()}", route_key) == "route"


def test_a_route_other_than_the_one_the_decision_is_cached_under_is_denied(denied: Denied) -> None:
    assert denied(f"Bearer {good_token()}", "GET /players", routeKey="POST /players") == "route"


def test_no_log_line_holds_the_token_or_a_part_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    token = good_token(iss="https://attacker.test")
    authorizer.handler(authorizer_event(f"Bearer {token}"), Context())
    authorizer.handler({"identitySource": [f"Bearer {token}"]}, Context())
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 2
    assert not any(part in printed for part in token.split("."))
    assert "attacker" not in printed
