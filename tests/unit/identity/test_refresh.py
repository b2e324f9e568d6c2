"""Refresh tokens: rotation, the retry within the grace, reuse detection, revocation."""

from datetime import timedelta
from typing import Any

import pytest

import authorizer
from services.identity import refresh_tokens, token_families
from services.identity.access_token_verifier import verifier
from services.identity.refresh_tokens import GRACE, rotate
from services.identity.seed import FIRST_PARTY_CLIENT
from services.identity.seed import Client as RegisteredClient
from services.identity.sessions import family_key, user_key
from services.sandboxes.opening import opened
from tests.conftest import Clock, all_items
from tests.support import identity
from tests.support.gateway import Context, Gateway
from tests.unit.identity.conftest import Client
from utils import table
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import DEFAULT, Sandbox
from utils.writes import Delete, Update

REFUSAL = {"error": "invalid_grant", "error_description": "The refresh token is not valid."}


def _family(tokens: dict[str, Any]) -> str:
    return verifier().verify(tokens["access_token"]).token_id.partition(".")[0]


def _stored(tokens: dict[str, Any]) -> dict[str, Any]:
    return table.get(family_key(DEFAULT, _family(tokens))) or {}


def test_a_refresh_is_answered_like_a_login_with_new_tokens(client: Client, stopped_clock: Clock) -> None:
    first = client.tokens()
    stopped_clock.moment += timedelta(minutes=1)
    answer = client.refresh(first["refresh_token"])
    second = answer.json()
    assert answer.status == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert {name: second[name] for name in ("token_type", "expires_in", "scope")} == {
        name: first[name] for name in ("token_type", "expires_in", "scope")
    }
    assert second["refresh_token"] != first["refresh_token"]
    before, after = (verifier().verify(tokens["access_token"]) for tokens in (first, second))
    assert (after.subject, after.scope, after.client_id) == (before.subject, before.scope, before.client_id)
    assert after.issued_at == before.issued_at + 60
    assert after.token_id != before.token_id


def test_all_tokens_of_a_login_are_of_one_family(client: Client) -> None:
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    assert _family(first) == _family(second)
    assert _family(client.tokens()) != _family(first)


def test_a_retry_within_the_grace_gets_the_same_answer(client: Client, stopped_clock: Clock) -> None:
    first = client.tokens()
    answer = client.refresh(first["refresh_token"])
    stopped_clock.moment += GRACE
    again = client.refresh(first["refresh_token"])
    assert (again.status, again.text) == (200, answer.text)
    assert client.refresh(answer.json()["refresh_token"]).status == 200


def test_a_second_use_after_the_grace_revokes_the_family(client: Client, stopped_clock: Clock) -> None:
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    stopped_clock.moment += GRACE + timedelta(seconds=1)
    answer = client.refresh(first["refresh_token"])
    assert (answer.status, answer.json()) == (400, REFUSAL)
    assert client.refresh(second["refresh_token"]).json() == REFUSAL
    assert client.userinfo(second["access_token"]).status == 401


def test_a_second_use_after_the_successors_use_revokes_the_family_at_once(client: Client) -> None:
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    third = client.refresh(second["refresh_token"]).json()
    assert client.refresh(first["refresh_token"]).json() == REFUSAL
    assert client.refresh(third["refresh_token"]).json() == REFUSAL
    assert client.userinfo(third["access_token"]).status == 401


def test_a_revoked_family_leaves_others_alone(client: Client) -> None:
    revoked, other = client.tokens(), client.tokens()
    token_families.revoke(DEFAULT, _family(revoked))
    assert client.refresh(revoked["refresh_token"]).json() == REFUSAL
    assert client.refresh(other["refresh_token"]).status == 200


def test_a_family_stays_revoked_since_it_first_was(client: Client, stopped_clock: Clock) -> None:
    tokens, moment = client.tokens(), int(stopped_clock.moment.timestamp())
    token_families.revoke(DEFAULT, _family(tokens))
    stopped_clock.moment += timedelta(hours=1)
    token_families.revoke(DEFAULT, _family(tokens))
    assert _stored(tokens)["revoked_at"] == moment


def test_to_revoke_a_family_that_is_not_there_makes_none(client: Client) -> None:
    token_families.revoke(DEFAULT, "gone")
    assert table.get(family_key(DEFAULT, "gone")) is None


def test_a_revoked_familys_access_token_stops_at_the_players_routes(client: Client) -> None:
    tokens = client.tokens()
    event = identity.authorizer_event(f"Bearer {tokens['access_token']}")
    decision = authorizer.handler(event, Context())
    assert decision["isAuthorized"]
    assert Gateway(decision["context"]).get("/players").status == 200
    token_families.revoke(DEFAULT, _family(tokens))
    assert Gateway(decision["context"]).get("/players").code == "invalid_token"


def test_no_token_outlives_its_family(client: Client, stopped_clock: Clock) -> None:
    tokens = client.tokens()
    stopped_clock.moment += timedelta(seconds=86400 - 100)
    last = client.refresh(tokens["refresh_token"]).json()
    assert last["expires_in"] == 100
    assert verifier().verify(last["access_token"]).expires_at == _stored(last)["expires_at"]
    stopped_clock.moment += timedelta(seconds=100)
    assert client.refresh(last["refresh_token"]).json() == REFUSAL


def test_the_table_holds_no_refresh_token(client: Client) -> None:
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    everything = str(all_items())
    for tokens in (first, second):
        assert tokens["refresh_token"] not in everything
        assert tokens["refresh_token"].partition(".")[2] not in everything
        assert tokens["access_token"] not in everything


def test_all_that_is_stored_of_a_family_goes_when_it_ends(client: Client) -> None:
    tokens = client.tokens()
    client.refresh(tokens["refresh_token"])
    stored = [item for item in all_items() if "#family#" in item["pk"] or "#refresh#" in item["pk"]]
    assert len(stored) == 3
    assert {item["expires_at"] for item in stored} == {_stored(tokens)["expires_at"]}


class TestRefusal:
    @pytest.mark.parametrize(
        "forged", ["x", "." * 66, "a" * 22 + "." + "b" * 43, "a" * 22 + "." + "b" * 43 + "\n", "\u00e9" * 66]
    )
    def test_a_token_that_was_never_issued(self, client: Client, forged: str) -> None:
        answer = client.refresh(forged)
        assert (answer.status, answer.json()) == (400, REFUSAL)

    def test_a_forged_token_of_a_known_family_does_not_revoke_it(self, client: Client) -> None:
        tokens = client.tokens()
        assert client.refresh(f"{_family(tokens)}.{'A' * 43}").json() == REFUSAL
        assert client.refresh(tokens["refresh_token"]).status == 200

    def test_an_access_token(self, client: Client) -> None:
        assert client.refresh(client.tokens()["access_token"]).json() == REFUSAL

    def test_a_token_of_another_sandbox(self, client: Client) -> None:
        with pytest.raises(InvalidGrantException):
            rotate(opened("another"), FIRST_PARTY_CLIENT, client.tokens()["refresh_token"])

    def test_a_locked_user(self, client: Client) -> None:
        tokens = client.tokens()
        table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
        assert client.refresh(tokens["refresh_token"]).json() == REFUSAL

    def test_a_user_who_is_gone(self, client: Client) -> None:
        tokens = client.tokens()
        table.write(Delete(user_key(DEFAULT, identity.SUBJECT)))
        assert client.refresh(tokens["refresh_token"]).json() == REFUSAL

    def test_a_family_that_is_gone(self, client: Client) -> None:
        tokens = client.tokens()
        table.write(Delete(family_key(DEFAULT, _family(tokens))))
        assert client.refresh(tokens["refresh_token"]).json() == REFUSAL

    def test_a_token_that_vanishes_between_two_reads(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokens = client.tokens()
        live = refresh_tokens._live

        def vanish(sandbox: Sandbox, client: RegisteredClient, refresh_token: str, now: int) -> Any:
            result = live(sandbox, client, refresh_token, now)
            table.write(Delete(token_families.refresh_key(sandbox, refresh_token)))
            return result

        monkeypatch.setattr(refresh_tokens, "_live", vanish)
        assert client.refresh(tokens["refresh_token"]).json() == REFUSAL

    @pytest.mark.parametrize("body", [{}, {"refresh_token": 1}, {"refresh_token": ""}, {"token": "x"}, []])
    def test_a_body_of_another_form_is_an_invalid_request(self, client: Client, body: Any) -> None:
        answer = client.post("/auth/refresh", body)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
