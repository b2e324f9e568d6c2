"""``/_emulator/clock``: a sandbox's time moves, stands still and goes back, and what has a time follows it alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import durations
from services.identity.sessions import family_key
from services.sandboxes import due
from services.sandboxes.opening import opened
from tests.support import identity
from tests.support.gateway import Gateway
from tests.support.players import body, made
from tests.support.tenants import Tenant, context_of, provide
from utils import table
from utils.sandbox import LAST_MOMENT, SandboxClock, sandbox_key

ACCESS_TOKEN_SECONDS = 300
CLOSE = timedelta(seconds=20)


@pytest.fixture
def ci(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A logged-in caller of the sandbox ``ci-7``."""
    provide(monkeypatch)
    tenant = Tenant("ci-7")
    tenant.login()
    return tenant


@pytest.fixture
def admin(ci: Tenant) -> str:
    """A token of the default sandbox's administrator, whom no other clock concerns."""
    return str(Tenant().login(scope="emulator:admin")["access_token"])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class TestIt:
    def test_is_the_real_one_until_it_is_set(self, ci: Tenant, admin: str) -> None:
        told = ci.ask("GET", "/_emulator/clock", token=admin).data
        assert (told["frozen"], told["offset"]) == (False, "PT0S")
        assert abs(moment(told["now"]) - datetime.now(UTC)) < CLOSE

    def test_is_advanced_again_and_again(self, ci: Tenant, admin: str) -> None:
        ci.set_clock(admin, advance="PT1H")
        told = ci.set_clock(admin, advance="P1DT30M")
        assert told["offset"] == "P1DT1H30M"
        assert abs(moment(told["now"]) - datetime.now(UTC) - timedelta(hours=25, minutes=30)) < CLOSE

    def test_is_set_to_a_time(self, ci: Tenant, admin: str) -> None:
        assert (
            moment(ci.set_clock(admin, now="2100-01-01T00:00:00Z")["now"]) - moment("2100-01-01T00:00:00Z")
            < CLOSE
        )
        assert moment(ci.ask("GET", "/_emulator/clock", token=admin).data["now"]).year == 2100

    def test_stands_still_and_goes_on_from_there(self, ci: Tenant, admin: str) -> None:
        told = ci.set_clock(admin, now="2100-01-01T00:00:00Z", freeze=True)
        assert (told["frozen"], told["now"]) == (True, "2100-01-01T00:00:00.000Z")
        assert ci.ask("GET", "/_emulator/clock", token=admin).data["now"] == told["now"]
        assert ci.set_clock(admin, advance="PT0.5S")["now"] == "2100-01-01T00:00:00.500Z"
        told = ci.set_clock(admin, freeze=False)
        assert not told["frozen"]
        assert moment(told["now"]) - moment("2100-01-01T00:00:00.5Z") < CLOSE

    @pytest.mark.parametrize("change", [{"now": "2000-01-01T00:00:00Z"}, {"advance": "-PT1H"}])
    def test_goes_backwards_only_if_it_may(self, ci: Tenant, admin: str, change: Mapping[str, Any]) -> None:
        answer = ci.ask("PUT", "/_emulator/clock", change, token=admin)
        assert (answer.status, answer.code) == (409, "clock_backwards")
        assert ci.ask("GET", "/_emulator/clock", token=admin).data["offset"] == "PT0S"
        assert ci.set_clock(admin, allow_backwards=True, **change)["offset"].startswith("-P")

    def test_is_reset_from_wherever_it_is(self, ci: Tenant, admin: str) -> None:
        ci.set_clock(admin, advance="P7D", freeze=True)
        told = ci.set_clock(admin, reset=True)
        assert (told["frozen"], told["offset"]) == (False, "PT0S")

    @pytest.mark.parametrize(
        "change",
        [
            {},
            {"allow_backwards": True},
            {"now": "2100-01-01T00:00:00Z", "advance": "PT1H"},
            {"reset": True, "freeze": True},
            {"reset": False},
            {"advance": 3600},
            {"advance": "P1M"},
            {"advance": "P1Y"},
            {"advance": "PT"},
            {"advance": "P9000000D"},
            {"advance": "P999999999999W"},
            {"now": "9999-01-01T00:00:00Z"},
            {"now": "1969-12-31T23:59:59Z", "allow_backwards": True},
            {"now": "2100-01-01"},
            {"ahead": "PT1H"},
        ],
    )
    def test_is_not_changed_by_what_does_not_say_how(
        self, ci: Tenant, admin: str, change: Mapping[str, Any]
    ) -> None:
        answer = ci.ask("PUT", "/_emulator/clock", change, token=admin)
        assert (answer.status, answer.code) == (422, "validation_error")
        assert all(error["field"] for error in answer.json()["errors"])

    def test_may_be_at_its_first_second(self, ci: Tenant, admin: str) -> None:
        ci.set_clock(admin, now="1970-01-01T00:00:00Z", freeze=True, allow_backwards=True)
        ci.login(scope="players:read players:write")
        assert ci.ask("POST", "/players", body()).data["created_at"].startswith("1970-01-01T00:00:00")

    @pytest.mark.usefixtures("ci")
    def test_leaves_what_is_issued_at_its_last_second_a_life(self) -> None:
        default = Tenant()
        default.login(scope="emulator:admin")
        assert default.set_clock(now=LAST_MOMENT.isoformat())["now"].startswith("9998-12-31T23:59:59")
        tokens = default.login(scope="emulator:admin")
        assert tokens["expires_in"] == ACCESS_TOKEN_SECONDS
        assert default.refresh().status == 200
        assert default.set_clock(str(tokens["access_token"]), reset=True)["offset"] == "PT0S"

    def test_never_gets_past_its_last_moment(self) -> None:
        real = datetime(2026, 1, 1, tzinfo=UTC)
        clock = SandboxClock(LAST_MOMENT - real)
        assert clock.at(real + timedelta(days=1)) == LAST_MOMENT

    def test_keeps_the_rest_of_the_sandbox_and_its_generation(self, ci: Tenant, admin: str) -> None:
        before = table.get(sandbox_key("ci-7")) or {}
        ci.set_clock(admin, advance="PT1H")
        after = table.get(sandbox_key("ci-7")) or {}
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert changed == {"serial", "clock_offset"}

    def test_of_the_default_sandbox_moves_too(self, ci: Tenant, admin: str) -> None:
        Tenant().set_clock(admin, advance="PT1H")
        assert table.get(sandbox_key("default")) is not None
        assert Tenant().ask("GET", "/_emulator/clock", token=admin).status == 401
        assert ci.ask("GET", "/players").status == 200

    def test_is_named_by_the_header_too(self, ci: Tenant, admin: str) -> None:
        answer = Gateway(context_of(admin)).put(
            "/_emulator/clock", {"advance": "PT1H"}, headers={"x-sandbox": "ci-7"}
        )
        assert (answer.status, answer.headers["x-sandbox"]) == (200, "ci-7")
        assert ci.ask("GET", "/_emulator/clock", token=admin).data["offset"] == "PT1H"


class TestWhatFollows:
    def test_a_token_ends_everywhere_though_the_authorizers_decision_is_remembered(
        self, ci: Tenant, admin: str
    ) -> None:
        tokens = ci.login()
        other = Tenant("ci-8")
        other.login()
        assert ci.introspected(tokens["access_token"])["active"]
        ci.set_clock(admin, advance=f"PT{ACCESS_TOKEN_SECONDS}S")
        answer = ci.ask("GET", "/players")
        assert (answer.status, answer.code) == (401, "invalid_token")
        assert ci.introspected(tokens["access_token"]) == {"active": False}
        assert ci.userinfo(tokens["access_token"]).status == 401
        assert other.ask("GET", "/players").status == 200
        assert ci.refresh().status == 200

    def test_a_refresh_token_ends_too(self, ci: Tenant, admin: str) -> None:
        ci.set_clock(admin, advance="P2D")
        assert ci.refresh().status == 400

    def test_times_of_players_and_tokens_are_the_sandboxs_and_the_date_is_not(
        self, ci: Tenant, admin: str
    ) -> None:
        ci.set_clock(admin, now="2100-01-01T00:00:00Z", freeze=True)
        claims = identity.payload(ci.login(scope="openid players:write")["access_token"])
        assert claims["iat"] == claims["nbf"] == int(moment("2100-01-01T00:00:00Z").timestamp())
        id_claims = identity.payload(ci.tokens["id_token"])
        assert id_claims["auth_time"] == id_claims["iat"] == claims["iat"]
        player = ci.ask("POST", "/players", body()).data
        assert player["created_at"] == player["updated_at"] == "2100-01-01T00:00:00.000Z"
        family = family_key(opened("ci-7"), claims["jti"].partition(".")[0])
        item = table.get(family)
        assert item is not None
        assert item["purge_at"] < datetime.now(UTC).timestamp() + 40 * 86400

    def test_a_key_of_a_request_is_forgotten_a_day_later(self, ci: Tenant, admin: str) -> None:
        headers = {"idempotency-key": "one"}
        first = ci.ask("POST", "/players", body(), headers=headers)
        assert ci.ask("POST", "/players", body(), headers=headers).data == first.data
        ci.set_clock(admin, advance="P1D")
        ci.login()
        assert ci.ask("POST", "/players", body(), headers=headers).code == "username_taken"

    def test_a_lock_out_ends_by_it(self, ci: Tenant, admin: str) -> None:
        wrong = {"username": identity.USERNAME, "password": "wrong"}
        answers = [Gateway().post("/s/ci-7/auth/token", wrong) for _ in range(12)]
        wait = int(answers[-1].headers["retry-after"])
        ci.set_clock(admin, advance=f"PT{wait + 1}S")
        ci.login()

    def test_a_lock_out_of_a_time_that_it_went_back_from_is_over(self, ci: Tenant, admin: str) -> None:
        wrong = {"username": identity.USERNAME, "password": "wrong"}
        ci.set_clock(admin, now="2100-01-01T00:00:00Z")
        for _ in range(12):
            Gateway().post("/s/ci-7/auth/token", wrong)
        ci.set_clock(admin, reset=True)
        ci.login()
        ci.set_clock(admin, now="2100-01-01T00:00:00Z")
        Gateway().post("/s/ci-7/auth/token", wrong)
        ci.set_clock(admin, reset=True)
        answers = [Gateway().post("/s/ci-7/auth/token", wrong) for _ in range(12)]
        assert 0 < int(answers[-1].headers["retry-after"]) < 86_400

    def test_what_it_froze_is_kept_as_long_as_the_sandbox(self, ci: Tenant, admin: str) -> None:
        ci.set_clock(admin, freeze=True)
        family = identity.payload(ci.login()["access_token"])["jti"].partition(".")[0]
        item, sandbox = table.get(family_key(opened("ci-7"), family)), table.get(sandbox_key("ci-7"))
        assert item is not None
        assert sandbox is not None
        assert item["purge_at"] == sandbox["purge_at"] > sandbox["ends_at"]

    def test_ids_stay_unique_and_the_list_is_in_their_order_when_it_goes_back(
        self, ci: Tenant, admin: str
    ) -> None:
        made_ids = [ci.ask("POST", "/players", body(f"player-{n}")).data["player_id"] for n in range(3)]
        ci.set_clock(admin, advance="-P1D", allow_backwards=True, freeze=True)
        ci.login()
        earlier = [ci.ask("POST", "/players", body(f"early-{n}")).data["player_id"] for n in range(3)]
        listed = [player["player_id"] for player in ci.ask("GET", "/players").json()["data"]]
        assert listed == sorted({*made_ids, *earlier})
        assert set(listed[:3]) == set(earlier)


class TestWhatFellDue:
    def test_is_told_once_in_order_and_without_what_was_revoked(self, ci: Tenant, admin: str) -> None:
        first = identity.payload(ci.tokens["access_token"])
        ci.login()
        revoked = ci.form("/auth/token", {"grant_type": "client_credentials"}).json()["access_token"]
        ci.form("/auth/revoke", {"token": revoked})
        ci.tokens = Tenant("ci-7").login()
        second = identity.payload(ci.refresh().json()["access_token"])
        other = Tenant("ci-8")
        other.login()
        told = ci.set_clock(admin, advance="PT1H")
        due = [entry["id"] for entry in told["due"]]
        assert {first["jti"], second["jti"]} <= set(due)
        assert identity.payload(revoked)["jti"] not in due
        assert len(due) == len(set(due)) == 4
        assert [entry["due_at"] for entry in told["due"]] == sorted(entry["due_at"] for entry in told["due"])
        assert told["due"][0] | {"due_at": ""} == {
            "kind": "access_token",
            "id": due[0],
            "due_at": "",
            "subject": identity.SUBJECT,
            "client_id": "psn-emulator",
        }
        again = ci.set_clock(admin, advance="PT1H")
        assert (again["due"], again["more_due"]) == ([], False)

    @pytest.mark.usefixtures("ci")
    def test_is_told_to_one_of_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sandbox = replace(opened("ci-7"), clock=SandboxClock(timedelta(hours=1)))
        transact, others = table.transact, []

        def overtaken(*writes: Any) -> None:
            monkeypatch.setattr(table, "transact", transact)
            others.append(due.tell(sandbox))
            transact(*writes)

        monkeypatch.setattr(table, "transact", overtaken)
        assert due.tell(sandbox).due == []
        assert len(others[0].due) == 1

    def test_is_told_later_if_there_is_much(
        self, ci: Tenant, admin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.sandboxes.due._MOST", 2)
        expected = {identity.payload(ci.login()["access_token"])["jti"] for _ in range(12)}
        told = ci.set_clock(admin, advance="PT1H")
        found = [entry["id"] for entry in told["due"]]
        while told["more_due"]:
            told = ci.set_clock(admin, advance="PT0S")
            found += [entry["id"] for entry in told["due"]]
        assert expected < set(found)
        assert len(found) == len(set(found)) == 13

    def test_is_none_of_what_is_still_to_come(self, ci: Tenant, admin: str) -> None:
        assert ci.set_clock(admin, advance="PT4M")["due"] == []
        assert len(ci.set_clock(admin, advance="PT1M")["due"]) == 1


class TestOneFrozenMoment:
    @pytest.fixture(autouse=True)
    def _frozen(self, ci: Tenant, admin: str) -> None:
        ci.set_clock(admin, freeze=True)
        ci.login()

    def test_has_room_for_two_logins(self, ci: Tenant) -> None:
        one, other = (identity.payload(ci.login()["access_token"]) for _ in range(2))
        assert one["iat"] == other["iat"]
        assert one["jti"] != other["jti"]

    def test_has_room_for_a_refresh_its_repetition_and_its_reuse(self, ci: Tenant) -> None:
        first = ci.tokens["refresh_token"]
        answers = [ci.refresh(first).json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert answers[0]["access_token"] != ci.tokens["access_token"]
        assert ci.refresh(answers[0]["refresh_token"]).status == 200
        assert ci.refresh(first).status == 400

    def test_has_room_for_a_player_and_its_changes(self, ci: Tenant) -> None:
        api = Gateway(context_of(ci.tokens["access_token"]))
        players = [made(api, f"player-{n}") for n in range(4)]
        assert len({player["created_at"] for player in players}) == 1
        assert len({player["player_id"] for player in players}) == 4
        path = f"/players/{players[0]['player_id']}"
        assert api.put(path, body("player-0", country="GR")).headers["etag"] != '"1"'
        assert api.post(f"{path}/stats", {"outcome": "win"}).data["matches_played"] == 1

    def test_lets_no_token_end(self, ci: Tenant) -> None:
        assert ci.introspected(ci.tokens["access_token"])["active"]
        assert ci.ask("GET", "/players").status == 200


@given(st.timedeltas(timedelta(days=-3_000_000), timedelta(days=3_000_000)))
def test_a_duration_is_read_as_it_is_written(duration: timedelta) -> None:
    assert durations.parse(durations.iso8601(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H", 3600),
        ("P1W", 604_800),
        ("-P1DT1S", -86_401),
        ("+PT0,25S", 0.25),
        ("P1W2DT3H4M5.5S", 788_645.5),
    ],
)
def test_a_duration(text: str, seconds: float) -> None:
    assert durations.parse(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "1H", "PT1H ", "P1Y", "P1M", "PT1.5H", "PT1S1H", "p1d", "P-1D", "P\u0661D"],
)
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        durations.parse(text)
