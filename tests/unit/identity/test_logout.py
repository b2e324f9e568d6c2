"""``/auth/logout``: logging out at a client's word, or at the user's."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from services.identity import authorization_codes
from services.identity.seed import seed
from tests.conftest import Clock
from tests.support import identity
from tests.support.user_agent import CALLBACK, GOODBYE, VERIFIER, UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import Client
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import DEFAULT


@pytest.fixture(autouse=True)
def _provider(provider: None) -> None:
    """An identity provider with the default user and the client ``app``."""


@pytest.fixture
def agent() -> UserAgent:
    """A browser with a session in which ``app`` may have everything."""
    agent = UserAgent()
    agent.follow(agent.submit(agent.logged_in(), decision="allow"))
    return agent


def logout(**parameters: str) -> str:
    return f"/auth/logout?{urlencode(parameters)}"


def tokens(agent: UserAgent) -> dict[str, str]:
    code = sent_back(agent.get(authorize()))["code"]
    got = authorization_codes.redeem(DEFAULT, seed().clients["app"], code, CALLBACK, VERIFIER)
    return {"access": got.access_token, "refresh": str(got.refresh_token), "id": str(got.id_token)}


def logged_in(agent: UserAgent) -> bool:
    return "code" in sent_back(agent.get(authorize(prompt="none")))


class TestAtTheWordOfAnIdToken:
    def test_the_user_is_logged_out_at_once(self, agent: UserAgent) -> None:
        page = agent.get(logout(id_token_hint=tokens(agent)["id"]))
        assert (page.status, "You are signed out" in page.text) == (200, True)
        assert not logged_in(agent)
        assert "__Host-psn-session" not in agent.cookies

    def test_the_browser_goes_where_the_client_wants_it(self, agent: UserAgent) -> None:
        hint = tokens(agent)["id"]
        target = logout(id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s & 1")
        assert sent_back(agent.get(target), GOODBYE) == {"state": "s & 1"}
        assert not logged_in(agent)

    def test_an_expired_one_will_do(self, agent: UserAgent, stopped_clock: Clock) -> None:
        hint = tokens(agent)["id"]
        stopped_clock.moment += timedelta(hours=2)
        assert agent.get(logout(id_token_hint=hint)).status == 200
        assert not logged_in(agent)

    def test_every_token_of_the_session_ends(self, agent: UserAgent) -> None:
        first, second = tokens(agent), tokens(agent)
        assert Client().userinfo(first["access"]).status == 200
        agent.get(logout(id_token_hint=second["id"]))
        for got in (first, second):
            assert Client().userinfo(got["access"]).status == 401

    def test_tokens_of_before_a_second_login_end_too(self, agent: UserAgent) -> None:
        first = tokens(agent)
        agent.login(agent.get(authorize(prompt="login")))
        agent.get(logout(id_token_hint=first["id"]))
        assert Client().userinfo(first["access"]).status == 401

    def test_tokens_of_another_browser_live_on(self, agent: UserAgent) -> None:
        other = UserAgent()
        assert other.logged_in().status == 303
        elsewhere = tokens(other)
        agent.get(logout(id_token_hint=tokens(agent)["id"]))
        assert Client().userinfo(elsewhere["access"]).status == 200

    def test_a_code_that_was_not_redeemed_yet_ends_too(self, agent: UserAgent) -> None:
        hint = tokens(agent)["id"]
        code = sent_back(agent.get(authorize()))["code"]
        agent.get(logout(id_token_hint=hint))
        with pytest.raises(InvalidGrantException):
            authorization_codes.redeem(DEFAULT, seed().clients["app"], code, CALLBACK, VERIFIER)

    def test_of_another_user_the_user_is_asked(self, agent: UserAgent) -> None:
        hint = tokens(agent)["id"]
        other = identity.seed_entry(username="other", subject="22222222-2222-4222-8222-222222222222")
        identity.store_seed(identity.seed_entry(), other, registered=[app()])
        agent.login(agent.get(authorize(prompt="login")), username="other")
        page = agent.get(logout(id_token_hint=hint))
        assert "signed in as <strong>other</strong>" in page.text


class TestWithoutOne:
    @pytest.mark.parametrize("hint", [None, "", "x.y.z", "\u2713", identity.good_token()])
    def test_the_user_is_asked(self, agent: UserAgent, hint: str | None) -> None:
        page = agent.get(logout(**({} if hint is None else {"id_token_hint": hint})))
        assert "Sign out?" in page.text
        assert logged_in(agent)
        gone = agent.submit(page, decision="sign-out")
        assert "You are signed out" in gone.text
        assert not logged_in(agent)

    def test_the_browser_goes_where_the_named_client_wants_it(self, agent: UserAgent) -> None:
        page = agent.get(logout(client_id="app", post_logout_redirect_uri=GOODBYE, state="s"))
        assert sent_back(agent.submit(page, decision="sign-out"), GOODBYE) == {"state": "s"}

    def test_who_takes_html_goes_there_by_a_page(self, agent: UserAgent) -> None:
        agent.headers = {"accept": "text/html"}
        page = agent.get(logout(client_id="app", post_logout_redirect_uri=GOODBYE))
        answer = agent.submit(page, decision="sign-out")
        assert f'content="0; url={GOODBYE}"' in answer.text
        assert not logged_in(agent)

    def test_one_who_is_not_logged_in_is_asked_nothing(self) -> None:
        stranger = UserAgent()
        assert "You are signed out" in stranger.get(logout()).text
        target = logout(client_id="app", post_logout_redirect_uri=GOODBYE)
        assert sent_back(stranger.get(target), GOODBYE) == {}

    def test_a_request_in_a_form_of_the_client_is_brought_again_by_get(self, agent: UserAgent) -> None:
        answer = agent.post("/auth/logout", {"client_id": "app", "state": "s"})
        assert answer.status == 303
        assert "Sign out?" in agent.follow(answer).text


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"client_id": "nobody"}, "client_id is not registered. Sent was: nobody"),
        ({"post_logout_redirect_uri": GOODBYE}, "takes an id_token_hint or a client_id"),
        (
            {"post_logout_redirect_uri": GOODBYE, "id_token_hint": "e30.e30.e30"},
            "id_token_hint is no ID token of this issuer",
        ),
        ({"client_id": "app", "post_logout_redirect_uri": CALLBACK}, "is not registered"),
        ({"client_id": "app", "post_logout_redirect_uri": f"{GOODBYE}/"}, "is not registered"),
        ({"client_id": identity.WEB, "post_logout_redirect_uri": GOODBYE}, "is not registered"),
    ],
)
def test_a_request_that_cannot_be_served_is_a_page_and_logs_nobody_out(
    agent: UserAgent, parameters: dict[str, str], fault: str
) -> None:
    page = agent.get(logout(**parameters))
    assert (page.status, fault in page.text) == (400, True)
    assert logged_in(agent)


def test_a_client_other_than_the_hints_is_refused(agent: UserAgent) -> None:
    page = agent.get(logout(id_token_hint=tokens(agent)["id"], client_id=identity.WEB))
    assert (page.status, "not the client of the id_token_hint" in page.text) == (400, True)


def test_a_repeated_parameter_is_refused(agent: UserAgent) -> None:
    assert agent.get("/auth/logout?client_id=app&client_id=app").status == 400


ODD: list[Any] = [7, 7.5, True, None, [], ["exp"], {}, {"a": []}, "", "x"]
"""What no parameter of a header is."""


def hint(**changes: Any) -> str:
    """An id token of ours with ``changes`` to its header and claims."""
    head = {"alg": "ES256", "typ": "JWT", "kid": "key-1", **changes.pop("header", {})}
    good = {"iss": identity.ISSUER, "sub": identity.SUBJECT, "aud": "app", **changes}
    return identity.compact(head, good)


class TestAnIdToken:
    def test_of_ours_is_believed(self, agent: UserAgent) -> None:
        assert "You are signed out" in agent.get(logout(id_token_hint=hint())).text

    @pytest.mark.parametrize(
        "forged",
        [
            hint(iss="https://attacker.test"),
            hint(aud=["app"]),
            hint(sub=7),
            hint(header={"typ": "at+jwt"}),
            *(
                hint(header={name: value})
                for name in ("crit", "kid", "alg", "typ", "b64", "zip", "jku")
                for value in ODD
            ),
            hint(header={"kid": "key-9"}),
            hint(header={"alg": "none"}),
            f"{hint().rpartition('.')[0]}.",
            identity.compact({"alg": "ES256", "typ": "JWT", "kid": "key-1"}, b"[]"),
            identity.compact(
                {"alg": "ES256", "typ": "JWT", "kid": "key-1"},
                {"iss": identity.ISSUER, "sub": identity.SUBJECT, "aud": "app"},
                identity.new_key("key-1"),
            ),
        ],
    )
    def test_that_is_forged_is_not(self, agent: UserAgent, forged: str) -> None:
        assert "Sign out?" in agent.get(logout(id_token_hint=forged)).text
