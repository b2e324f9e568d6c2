"""Every kind of fault on every route of the partner's, by rule and by header, and none on any other."""

import json
from typing import Any

import pytest

import routes
from handlers.idempotency import HEADER as KEY
from services.sandboxes.opening import opened
from tests.support import identity
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.identity import PASSWORD, USERNAME
from tests.support.journal import Journal, kept
from tests.support.tenants import provide
from tests.unit.emulation.conftest import Rule
from utils.http import HTML_TYPE, JSON_TYPE, PROBLEM_TYPE
from utils.settings import settings

APPLIED = "x-emulator-fault-applied"
PARTNERS = [route for route in (*routes.ROUTES, routes.FALLBACK) if route.is_partners]
OTHERS = [route for route in routes.ROUTES if not route.is_partners]
KINDS: dict[str, dict[str, Any]] = {
    "status=503;retry_after=7": {"status": 503, "retry_after": 7},
    "status=418": {"status": 418},
    "malformed=invalid_json": {"malformed": "invalid_json"},
    "malformed=truncated": {"malformed": "truncated"},
    "malformed=content_type": {"malformed": "content_type"},
    "malformed=empty": {"malformed": "empty"},
    "timeout": {"timeout": True},
    "stale": {"stale": True},
    "lost_response": {"lost_response": True},
    "delay_ms=250": {"delay_ms": 250},
    "status=500, delay_ms=250": {"status": 500, "delay_ms": 250},
}


def target(route: routes.Route) -> str:
    if route is routes.FALLBACK:
        return "/trophies"
    return route.path.format_map(
        {name: parameter.example for name, parameter in routes.PATH_PARAMETERS.items()}
    )


def require_error(route: routes.Route, answer: Answer, code: str, oauth_code: str) -> None:
    if route.errors_as == "page":
        assert answer.headers["content-type"] == HTML_TYPE
        assert code in answer.text
    elif "error" in answer.json():
        assert (answer.headers["content-type"], answer.json()["error"]) == (JSON_TYPE, oauth_code)
    else:
        assert (answer.headers["content-type"], answer.code) == (PROBLEM_TYPE, code)


def require(kind: str, route: routes.Route, answer: Answer, slept: list[float], plain: Answer) -> None:
    """Fail unless ``answer``, by ``route``, has the fault ``kind``; ``plain`` is what is answered without one."""
    assert sum(slept) == {"t": 30.25, "d": 0.25, "5": 0.25}.get(kind[0] if "500" not in kind else "5", 0)
    if kind.startswith("status"):
        status = int(kind[7:10])
        assert answer.status == status
        if status == 503:
            assert answer.headers["retry-after"] == "7"
        code = {503: "unavailable", 418: "injected_fault", 500: "internal_error"}[status]
        require_error(route, answer, code, "invalid_request")
        assert ("error" in answer.text[:9]) == (status == 418 and route.errors_as == "oauth")
    elif kind in {"timeout", "lost_response"}:
        assert answer.status == 504
        require_error(route, answer, "injected_fault", "server_error")
    elif kind in {"malformed=invalid_json", "malformed=truncated"}:
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            json.loads(answer.text)
        assert answer.text != plain.text
    elif kind == "malformed=empty":
        assert answer.text == ""
    elif kind == "malformed=content_type":
        assert answer.headers["content-type"] != plain.headers.get("content-type")
    else:
        assert answer.status == plain.status


@pytest.mark.parametrize("route", PARTNERS, ids=lambda route: route.name)
def test_every_kind_befalls_every_route_of_the_partners(
    route: routes.Route,
    caller: Gateway,
    rule: Rule,
    slept: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provide(monkeypatch)
    method = "PATCH" if route is routes.FALLBACK else route.method
    plain = caller.send(method, f"/s/ci-7{target(route)}")
    rule(*KINDS.values())
    for kind in KINDS:
        for headers, source in (({}, "fault-1"), ({"x-emulator-fault": kind}, "header")):
            slept.clear()
            answer = caller.send(method, f"/s/ci-7{target(route)}", headers=headers)
            assert (answer.headers[APPLIED], answer.headers["x-sandbox"]) == (source, "ci-7")
            require(kind, route, answer, slept, plain)


@pytest.mark.parametrize("base", ["", "/s/ci-7"])
def test_nothing_else_is_faulted(base: str, caller: Gateway, rule: Rule) -> None:
    for sandbox in (caller, Gateway(open_session())):
        sandbox.post("/_emulator/faults", {"faults": [{"status": 503}]})
    assert caller.get("/players").status == 503
    for route in OTHERS:
        answer = caller.send(
            route.method, base + target(route), headers={"x-emulator-fault": "status=503"}, body={}
        )
        assert APPLIED not in answer.headers
        assert answer.status != 503
    for method, path in (("PATCH", "/_emulator/x"), ("PATCH", "/healthz"), ("GET", "/docs/"), ("POST", "/")):
        assert APPLIED not in caller.send(method, base + path).headers


def test_the_keys_that_the_stack_itself_reads_feel_no_rule_no_limit_and_no_header(
    caller: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(monkeypatch)
    operator = Gateway(open_session())
    operator.post("/_emulator/faults", {"faults": [{"status": 200, "body": {"keys": []}}]})
    operator.put("/_emulator/limits", {"requests": 1})
    assert Gateway().get("/.well-known/jwks.json").json() == {"keys": []}
    with kept(monkeypatch):
        for path in ("/_keys", "/_keys", "/s/ci-7/_keys"):
            answer = Gateway().get(path, headers={"x-emulator-fault": "status=503"})
            assert [key["kid"] for key in answer.json()["keys"]] == [identity.KEY.kid]
            assert not {APPLIED, "ratelimit"} & set(answer.headers)
        assert not Journal().rows()
    refused = operator.post("/_emulator/faults", {"match": {"path": "/_keys"}, "faults": [{"status": 503}]})
    assert refused.status == 422


def test_the_keys_that_the_stack_itself_reads_are_there_where_nothing_operates_it(
    the_table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(monkeypatch)
    monkeypatch.setenv("SANDBOXES", "off")
    settings.cache_clear()
    assert Gateway().get("/_keys").json() == Gateway().get("/.well-known/jwks.json").json()


@pytest.mark.parametrize(
    "path",
    ["//players", "/s/ci-7//players", "//", "/s/ci-7//auth/token", "/healthz/", "/healthz/x", "/docsx"],
)
def test_a_path_that_only_resembles_one_of_the_services_is_the_partners(path: str, faults: None) -> None:
    answer = Gateway().get(path, headers={"x-emulator-fault": "status=503"})
    assert (answer.status, answer.headers[APPLIED]) == (503, "header")


INERT = {"content-security-policy": "sandbox; default-src 'none'", "x-content-type-options": "nosniff"}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<script>alert(1)</script>"},
        {"status": 503},
        {"malformed": "content_type"},
        {"malformed": "truncated"},
    ],
)
@pytest.mark.parametrize("path", ["/trophies", "/players", "/auth/authorize"])
def test_a_browser_runs_nothing_of_a_body_that_a_fault_made(
    fault: dict[str, Any], path: str, caller: Gateway, rule: Rule
) -> None:
    rule(fault)
    headers = caller.get(f"/s/ci-7{path}").headers
    assert headers[APPLIED] == "fault-1"
    assert headers.items() >= INERT.items()


@pytest.mark.parametrize("name", ["players-list", "auth-authorize"])
@pytest.mark.parametrize("asked", ["status=200", "status=404", "malformed=content_type"])
def test_nor_of_one_that_a_request_asks_for(name: str, asked: str, caller: Gateway) -> None:
    path = target(next(route for route in PARTNERS if route.name == name))
    assert caller.get(path, headers={"x-emulator-fault": asked}).headers.items() >= INERT.items()


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("players-get", 404, "player_not_found"),
        ("players-get", 401, "invalid_token"),
        ("players-create", 409, "username_taken"),
        ("players-create", 429, "throttled"),
        ("players-list", 400, "invalid_cursor"),
        ("players-update", 412, "version_conflict"),
        ("players-get", 520, "injected_fault"),
        ("auth-token", 400, "invalid_request"),
        ("auth-token", 401, "invalid_client"),
        ("auth-token", 403, "invalid_request"),
        ("auth-token", 502, "server_error"),
        ("auth-userinfo", 401, "invalid_token"),
        ("auth-userinfo", 403, "insufficient_scope"),
    ],
)
def test_an_error_is_the_one_that_the_route_has_of_this_status(
    name: str, status: int, code: str, caller: Gateway
) -> None:
    [route] = [one for one in routes.ROUTES if one.name == name]
    answer = caller.send(route.method, target(route), headers={"x-emulator-fault": f"status={status}"})
    told = answer.json()
    assert (answer.status, told.get("code", told.get("error"))) == (status, code)
    assert told.get("status", status) == status


@pytest.mark.parametrize(
    ("fault", "text", "media_type"),
    [
        ({"status": 200, "body": {"trophies": [1.5]}}, '{"trophies":[1.5]}', JSON_TYPE),
        ({"status": 503, "body": "down"}, "down", "text/plain; charset=utf-8"),
        (
            {"status": 404, "body": "<p>", "headers": {"content-type": "text/html"}},
            "<p>",
            "text/html",
        ),
        ({"status": 202}, "", None),
        ({"status": 204}, "", None),
    ],
)
def test_a_status_with_a_body_is_a_stub(
    fault: dict[str, Any], text: str, media_type: str | None, caller: Gateway, rule: Rule
) -> None:
    rule({**fault, "headers": {"etag": '"7"', "cache-control": "max-age=60", **fault.get("headers", {})}})
    answer = Gateway().get("/s/ci-7/trophies/7")
    assert (answer.status, answer.text) == (fault["status"], text)
    assert answer.headers.get("content-type") == media_type
    assert (answer.headers["etag"], answer.headers["cache-control"]) == ('"7"', "max-age=60")


def test_a_header_of_the_fault_takes_the_place_of_the_errors(caller: Gateway, rule: Rule) -> None:
    rule({"status": 401, "headers": {"www-authenticate": "Basic"}})
    assert caller.get("/players").headers["www-authenticate"] == "Basic"


@pytest.mark.parametrize("kind", ["lost_response", "malformed=empty", "malformed=truncated"])
def test_a_request_whose_answer_is_lost_was_carried_out_once(kind: str, caller: Gateway) -> None:
    player = {"username": "Atreus", "email": "atreus@mail.example"}
    lost = caller.post("/players", player, headers={KEY: "order-66", "x-emulator-fault": kind})
    assert lost.headers[APPLIED] == "header"
    again = caller.post("/players", player, headers={KEY: "order-66"})
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    assert [one["username"] for one in caller.get("/players").data] == ["Atreus"]


@pytest.mark.parametrize("kind", ["status=500", "timeout"])
def test_a_request_that_is_refused_is_not_carried_out(kind: str, caller: Gateway) -> None:
    player = {"username": "Atreus", "email": "atreus@mail.example"}
    caller.post("/players", player, headers={KEY: "order-66", "x-emulator-fault": kind})
    assert caller.get("/players").data == []
    again = caller.post("/players", player, headers={KEY: "order-66"})
    assert (again.status, "idempotent-replayed" in again.headers) == (201, False)


def test_a_delay_is_no_longer_than_the_gateway_waits(
    caller: Gateway, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TIMEOUT_SECONDS", "5")
    settings.cache_clear()
    caller.get("/players", headers={"x-emulator-fault": "delay_ms=30000"})
    assert slept == [5]


def test_a_login_is_delayed_and_carried_out(
    caller: Gateway, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(monkeypatch)
    answer = caller.post(
        "/s/ci-7/auth/token",
        {"username": USERNAME, "password": PASSWORD},
        headers={"x-emulator-fault": "delay_ms=1000"},
    )
    assert (answer.status, slept, answer.headers[APPLIED]) == (200, [1], "header")


@pytest.mark.parametrize(
    "value",
    [
        *("", "503", "status", "status=", "status=abc", "status=199", "status=600", "status=503, status=500"),
        *("status=503, timeout", "retry_after=2", "retry_after=2, status=503", "status=503;delay_ms=2"),
        *("delay_ms=-1", "delay_ms=30001", "delay_ms=1;retry_after=2", "timeout, delay_ms=1"),
        *(
            "timeout=false",
            "malformed",
            "malformed=half",
            "Status=503",
            "status=503;",
            "status=503,",
            "stale=1",
        ),
        "status=" + "5" * 5000,
    ],
)
def test_a_header_that_cannot_be_read_is_refused(value: str, caller: Gateway) -> None:
    for path in ("/players", "/auth/userinfo", "/trophies"):
        answer = caller.get(path, headers={"x-emulator-fault": value})
        assert (answer.status, answer.code) == (400, "invalid_fault")
        assert APPLIED not in answer.headers


def test_where_faults_are_off_the_header_is_refused_and_no_rule_acts(
    caller: Gateway, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule({"status": 503})
    monkeypatch.setenv("FAULTS", "false")
    settings.cache_clear()
    assert caller.get("/players").status == 200
    for path in ("/players", "/auth/userinfo", "/trophies"):
        answer = caller.get(path, headers={"x-emulator-fault": "delay_ms=1"})
        assert (answer.status, answer.code) == (400, "faults_off")


def test_the_header_goes_before_the_rules_which_do_not_count_it(caller: Gateway, rule: Rule) -> None:
    rule({"status": 503})
    assert caller.get("/players", headers={"x-emulator-fault": "status=500"}).status == 500
    assert caller.get("/_emulator/faults/fault-1").data["hits"] == 0


def test_paths_that_nobody_serves_are_faulted_in_their_sandbox(caller: Gateway, rule: Rule) -> None:
    rule({"status": 200, "body": {}}, match={"path": "/trophies/*"})
    assert [Gateway().get(f"{base}/trophies/7").status for base in ("/s/ci-7", "", "/s/ci-8")] == [
        200,
        404,
        404,
    ]


def test_metadata_is_faulted_before_anybody_has_logged_in(faults: None, slept: list[float]) -> None:
    Gateway(open_session()).post("/s/new/_emulator/faults", {"faults": [{"status": 503}]})
    assert opened("new").fault_rules == 1
    assert Gateway().get("/s/new/.well-known/jwks.json").status == 503
