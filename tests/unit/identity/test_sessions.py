"""When an access token is alive."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.identity import sessions
from services.identity.sessions import InvalidTokenException, Session, require_alive
from services.sandboxes.opening import opened
from tests.conftest import Clock
from tests.support.gateway import open_session
from utils import table
from utils.sandbox import DEFAULT
from utils.settings import settings
from utils.writes import Delete, Key, Put, Update

SECOND = timedelta(seconds=1)
THING: Key = ("default#thing", "-")


@pytest.fixture
def claims(the_table: str) -> dict[str, Any]:
    return open_session()


@pytest.fixture
def session(claims: dict[str, Any]) -> Session:
    return Session.from_claims(claims)


def refused(session: Session) -> str:
    with pytest.raises(InvalidTokenException) as error:
        require_alive(session)
    return error.value.detail


def test_a_session_in_order_is_alive_and_brings_what_was_asked_for(session: Session) -> None:
    table.write(Put({"pk": THING[0], "sk": THING[1], "n": 1}))
    assert require_alive(session, [THING])[1][THING]["n"] == 1


def test_a_token_dies_at_the_second_of_its_expiry(session: Session, stopped_clock: Clock) -> None:
    stopped_clock.moment = session.expires_at - timedelta(microseconds=1)
    require_alive(session)
    stopped_clock.moment = session.expires_at
    assert refused(session) == "The access token expired."


def test_a_token_lives_from_the_second_of_its_not_before(session: Session, stopped_clock: Clock) -> None:
    stopped_clock.moment = session.not_before
    require_alive(session)
    stopped_clock.moment = session.not_before - SECOND
    assert refused(session) == "The access token is not valid yet."


def test_a_revoked_family_ends_its_tokens(session: Session) -> None:
    table.write(Update(sessions.family_key(DEFAULT, session.family), assign={"revoked_at": 1}))
    assert refused(session) == "The access token was revoked."


def test_a_family_that_is_gone_ends_its_tokens(session: Session) -> None:
    table.write(Delete(sessions.family_key(DEFAULT, session.family)))
    assert refused(session) == "The access token was revoked."


def test_a_locked_user_has_no_living_token(session: Session) -> None:
    key = sessions.user_key(DEFAULT, session.subject)
    table.write(Update(key, assign={"status": "locked"}))
    assert refused(session) == "The user is locked."
    table.write(Update(key, assign={"status": "active"}))
    require_alive(session)


def test_a_family_of_one_sandbox_keeps_no_token_of_another_alive(session: Session) -> None:
    assert refused(replace(session, sandbox=opened("other"))) == "The access token was revoked."


@pytest.mark.parametrize("as_text", [False, True])
def test_times_may_come_as_numbers_or_text(claims: dict[str, Any], as_text: bool) -> None:
    claims |= {name: str(claims[name]) if as_text else claims[name] for name in ("exp", "nbf")}
    assert int(Session.from_claims(claims).expires_at.timestamp()) == int(claims["exp"])


@pytest.mark.parametrize("name", ["sandbox", "sub", "jti", "nbf", "exp"])
def test_claims_that_are_incomplete_are_refused(claims: dict[str, Any], name: str) -> None:
    del claims[name]
    with pytest.raises(InvalidTokenException):
        Session.from_claims(claims)


@pytest.mark.parametrize("value", ["soon", None, "1e3", 10**30, [1]])
def test_a_time_that_is_none_is_refused(claims: dict[str, Any], value: Any) -> None:
    with pytest.raises(InvalidTokenException):
        Session.from_claims({**claims, "exp": value})


def test_a_token_that_names_no_issuer_is_held_for_ours(claims: dict[str, Any]) -> None:
    session = Session.from_claims({**claims, "iss": settings().issuer})
    assert Session.from_claims(claims) == session


def test_a_token_of_an_issuer_that_nobody_trusts_is_not_alive(claims: dict[str, Any]) -> None:
    forged = {**claims, "iss": "https://another.test", "jti": "theirs"}
    assert refused(Session.from_claims(forged)) == "The access token was revoked."


class TestATokenOfAnotherIssuer:
    @pytest.fixture
    def claims(self, claims: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setenv("TRUSTED_ISSUER", "https://another.test")
        settings.cache_clear()
        return {**claims, "iss": "https://another.test", "jti": "theirs"}

    def test_is_alive_without_a_family(self, session: Session) -> None:
        require_alive(session)

    def test_expires(self, session: Session, stopped_clock: Clock) -> None:
        stopped_clock.moment = session.expires_at
        assert refused(session) == "The access token expired."

    def test_stops_when_its_user_is_locked(self, session: Session) -> None:
        pk, sk = sessions.user_key(session.sandbox, session.subject)
        table.write(Update((pk, sk), assign={"status": "locked"}))
        assert refused(session) == "The user is locked."
