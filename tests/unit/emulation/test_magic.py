"""Magic values: usernames that bring a fault about, and write nothing."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

import routes
from account_rules import is_reserved
from services.emulation.magic import LOGINS, PLAYERS, TABLE
from tests.conftest import all_items
from tests.support.gateway import Answer, Gateway
from tests.support.players import body
from tests.support.tenants import provide
from tests.support.user_agent import FORM
from tests.unit.emulation.conftest import Rule
from utils.sandbox import Sandbox
from utils.settings import settings

APPLIED = "x-emulator-fault-applied"
GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "faults.md"
TOKEN = "/s/ci-7/auth/token"


def log_in(username: str) -> Answer:
    """By the simple form."""
    return Gateway().post(TOKEN, {"username": username, "password": "whatever"})


def log_in_by_grant(username: str) -> Answer:
    """By the password grant of a client."""
    fields = {"grant_type": "password", "username": username, "password": "whatever", "client_id": "nobody"}
    return Gateway().post(TOKEN, raw=urlencode(fields), headers=FORM)


def log_in_by_page(username: str) -> Answer:
    """By the login page's form."""
    fields = {"decision": "sign-in", "username": username, "password": "whatever"}
    return Gateway().post("/s/ci-7/auth/authorize", raw=urlencode(fields), headers=FORM)


def written() -> int:
    """How many items there are."""
    return len(all_items())


@pytest.fixture
def provider(caller: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity provider, and a caller."""
    provide(monkeypatch)


@pytest.mark.parametrize(
    ("asked", "status", "source"),
    [
        ("delay_ms=0", 503, "header"),
        ("lost_response", 504, "header"),
        ("malformed=empty", 503, "header"),
        ("stale", 503, "header"),
    ],
)
def test_a_magic_value_is_not_stored_where_another_fault_comes_first(
    asked: str, status: int, source: str, caller: Gateway, rule: Rule
) -> None:
    made = caller.post("/players", body("Kratos")).data["player_id"]
    headers = {"x-emulator-fault": asked}
    for answer in (
        caller.post("/players", body("fault-503"), headers=headers),
        caller.put(f"/players/{made}", body("fault-503"), headers=headers),
    ):
        assert (answer.status, answer.headers[APPLIED]) == (status, source)
    assert caller.post("/players", body("fault-slow-1"), headers=headers).headers[APPLIED] == "header"
    rule({"delay_ms": 1})
    assert caller.post("/players", body("fault-503")).headers[APPLIED] == "fault-1"
    rule("pass")
    assert caller.post("/players", body("fault-503")).headers[APPLIED] == "magic"
    assert [player["username"] for player in caller.get("/players").data] == ["Kratos"]


@pytest.mark.parametrize("log_in", [log_in, log_in_by_grant, log_in_by_page])
def test_a_login_is_answered_the_status_in_the_username(provider: None, log_in: object) -> None:
    assert callable(log_in)
    for username, status in (("fault-503", 503), ("FAULT-418", 418), ("fault-ratelimit", 429)):
        answer = log_in(username)
        assert (answer.status, answer.headers[APPLIED]) == (status, "magic")
    assert answer.headers["retry-after"] == "1"


def test_a_player_is_answered_the_status_in_its_username(caller: Gateway) -> None:
    made = caller.post("/players", body("Kratos")).data["player_id"]
    for answer in (
        caller.post("/players", body("fault-503")),
        caller.put(f"/players/{made}", body("Fault-503")),
    ):
        assert (answer.status, answer.code, answer.headers[APPLIED]) == (503, "unavailable", "magic")
    assert [player["username"] for player in caller.get("/players").data] == ["Kratos"]


def test_a_login_that_is_slow_or_malformed_is_refused_and_does_not_count(
    provider: None, slept: list[float]
) -> None:
    assert log_in("somebody").status == 400
    before = written()
    answer = log_in("fault-slow-2000")
    assert (answer.status, answer.json()["error"], slept) == (400, "invalid_grant", [2.0])
    assert log_in("fault-malformed").text.startswith("{,")
    for _ in range(settings().lockout_failures + 1):
        assert "retry-after" not in log_in("fault-slow-1").headers
    assert written() == before


def test_a_user_who_is_locked_out_is_told_how_long(provider: None) -> None:
    answer = log_in("Locked")
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.headers["retry-after"] == str(int(settings().lockout_period.total_seconds()))
    assert answer.headers[APPLIED] == "magic"


def test_a_player_that_is_slow_or_malformed_seems_to_be_written(caller: Gateway, slept: list[float]) -> None:
    made = caller.post("/players", body("Kratos"))
    path, before = f"/players/{made.data['player_id']}", written()
    key = {"idempotency-key": "one"}
    answer = caller.post("/players", body("fault-slow-800"), headers=key)
    assert (answer.status, answer.data["username"], slept) == (201, "fault-slow-800", [0.8])
    assert caller.get(f"/players/{answer.data['player_id']}").status == 404
    assert caller.put(path, body("fault-malformed")).text.startswith("{,")
    assert caller.get(path).data == made.data
    assert written() == before


@pytest.mark.parametrize("username", ["fault-200", "fault-slow-30001", "fault-nothing", "locked"])
def test_other_names_of_players_are_names(caller: Gateway, username: str) -> None:
    answer = caller.post("/players", body(username))
    assert (answer.status, APPLIED in answer.headers) == (201, False)


def test_header_and_rule_come_before_a_magic_value(caller: Gateway) -> None:
    asked = {"x-emulator-fault": "status=418"}
    assert caller.post("/players", body("fault-503"), headers=asked).status == 418
    caller.post("/_emulator/faults", {"faults": [{"status": 502}]})
    assert caller.post("/players", body("fault-503")).headers[APPLIED] == "fault-1"


def test_without_faults_it_is_a_username(
    caller: Gateway, ci: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTS", "false")
    settings.cache_clear()
    assert caller.post("/players", body("fault-503")).status == 201


def test_no_user_may_have_one(caller: Gateway, provider: None) -> None:
    user = {"password": "a-long-password", "email": "a@example.com", "email_verified": True, "name": "A"}
    answer = caller.put("/_emulator/users/fault-503", {**user, "scopes": "all"})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "username")
    document = {"users": [{**user, "username": "LOCKED"}]}
    admin = Gateway(caller.claims)
    answer = admin.put("/_emulator/sandboxes/ci-7", {"seed": document})
    assert (answer.status, answer.json()["errors"][0]["field"]) == (422, "seed.users.0.username")


def test_every_magic_value_is_kept_from_users_and_counts_at_rows_that_there_are() -> None:
    names = {route.name for route in routes.ROUTES}
    for value in TABLE:
        assert value.pattern.fullmatch(value.shown)
        assert is_reserved(value.shown)
        assert set(value.routes) <= names


def test_the_guide_has_the_table() -> None:
    places = {LOGINS: "logins", (*LOGINS, *PLAYERS): "logins, players", PLAYERS: "players"}
    rows = [f"| `{value.shown}` | {places[value.routes]} | {value.effect} |" for value in TABLE]
    assert "\n".join(rows) in GUIDE.read_text(encoding="utf-8")
