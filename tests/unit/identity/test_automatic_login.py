"""Logins without typing: ``emulator_login=auto``, and the users whose passwords are documented on the login page."""

import json
import re
from typing import Any

import pytest

from services.identity import sessions
from tests.conftest import Clock
from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.support.user_agent import CALLBACK, VERIFIER, UserAgent, app, authorize, sent_back
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Update

ANOTHER = "22222222-2222-4222-8222-222222222222"
OPERATOR = "33333333-3333-4333-8333-333333333333"
PLAIN = [scope for scope in identity.SCOPES if scope != "emulator:admin"]


@pytest.fixture(autouse=True)
def _seed(provider: None) -> None:
    """Two users who may do nothing that takes a password, and one who may; a client that asks for consent."""
    store()


def store(**changes: Any) -> None:
    """Store the seed, with ``changes`` to the default user."""
    identity.store_seed(
        identity.seed_entry(scopes=PLAIN, **changes),
        identity.seed_entry(username="Freya", subject=ANOTHER, scopes=PLAIN),
        identity.seed_entry(username="operator", subject=OPERATOR),
        registered=[app()],
    )


def automatic(**changes: Any) -> str:
    """An authorization request that signs in the default user."""
    return authorize(**{"emulator_login": "auto", "login_hint": identity.USERNAME, **changes})


def subject(agent: UserAgent, answer: Answer) -> str:
    """Whose code the browser is sent back with."""
    form = {
        "grant_type": "authorization_code",
        "code": sent_back(answer)["code"],
        "redirect_uri": CALLBACK,
        "client_id": "app",
        "code_verifier": VERIFIER,
    }
    token = agent.post("/auth/token", form).json()["id_token"]
    named: str = json.loads(identity.decode(token.split(".")[1]))["sub"]
    return named


def test_a_code_comes_at_once_without_a_cookie_a_page_or_consent() -> None:
    assert subject(UserAgent(), Gateway().get(automatic())) == identity.SUBJECT


def test_the_browser_is_logged_in_and_consents_to_what_comes_later_itself() -> None:
    agent = UserAgent()
    agent.get(automatic())
    page = agent.get(authorize())
    assert "Allow access" in page.text
    assert identity.USERNAME in page.text


@pytest.mark.parametrize("prompt", ["none", "login", "select_account", "login select_account"])
def test_no_prompt_of_a_login_shows_a_page(prompt: str) -> None:
    agent = UserAgent()
    for _ in range(2):
        assert subject(agent, agent.get(automatic(prompt=prompt))) == identity.SUBJECT


def test_a_login_long_ago_is_made_anew(stopped_clock: Clock) -> None:
    agent = UserAgent()
    agent.get(automatic())
    before = dict(agent.cookies)
    agent.get(automatic(max_age="60"))
    assert agent.cookies == before
    agent.get(automatic(max_age="0"))
    assert agent.cookies != before


def test_a_client_that_wants_consent_asked_for_has_it_asked() -> None:
    agent = UserAgent()
    page = agent.follow(agent.get(automatic(prompt="login consent")))
    assert "Allow access" in page.text
    assert subject(agent, agent.follow(agent.submit(page, decision="allow"))) == identity.SUBJECT


def test_another_user_takes_over_the_browser() -> None:
    agent = UserAgent()
    agent.get(automatic())
    assert subject(agent, agent.get(automatic(login_hint="fREYA"))) == ANOTHER
    assert subject(agent, agent.get(automatic())) == identity.SUBJECT


def test_a_user_of_a_sandbox_is_signed_in_there() -> None:
    agent = UserAgent()
    assert subject(agent, agent.get(f"{automatic()}&sandbox=blue")) == identity.SUBJECT
    assert "Sign in" in agent.get(authorize()).text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"login_hint": ...}, "invalid_request"),
        ({"login_hint": "nobody"}, "login_required"),
        ({"login_hint": "fault-503"}, "login_required"),
        ({"login_hint": "operator"}, "login_required"),
        ({"emulator_login": "yes"}, "invalid_request"),
    ],
)
def test_who_cannot_be_signed_in_is_told_to_the_client(changes: dict[str, Any], error: str) -> None:
    answer = Gateway().get(automatic(**changes))
    assert sent_back(answer)["error"] == error
    assert answer.cookies == ()


def test_who_is_signed_in_stays_so_whatever_becomes_of_the_request() -> None:
    identity.store_seed(identity.seed_entry(scopes=["openid"]), registered=[app()])
    agent = UserAgent()
    assert sent_back(agent.get(automatic(scope="players:write")))["error"] == "invalid_scope"
    assert "Allow access" in agent.get(authorize(scope="openid")).text


def test_a_locked_user_is_not_signed_in() -> None:
    UserAgent().get(automatic())
    table.write(Update(sessions.user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
    assert sent_back(Gateway().get(automatic()))["error"] == "login_required"


def test_who_may_operate_is_signed_in_where_everybody_knows_the_password() -> None:
    entry = identity.seed_entry(documented_password=identity.PASSWORD)
    identity.store_seed(entry, registered=[app()])
    assert subject(UserAgent(), Gateway().get(automatic())) == identity.SUBJECT


@pytest.mark.parametrize("value", ["auto", "yes"])
def test_where_the_stack_does_not_let_it_the_login_page_is_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("AUTOMATIC_LOGIN", "false")
    identity.forget()
    answer = Gateway().get(automatic(emulator_login=value))
    assert (answer.status, "Password" in answer.text) == (200, True)
    assert sent_back(Gateway().get(automatic(prompt="none")))["error"] == "login_required"


def test_a_client_that_is_not_registered_signs_nobody_in() -> None:
    answer = Gateway().get(automatic(redirect_uri="https://attacker.test/"))
    assert (answer.status, answer.cookies) == (400, ())


class TestDocumentedUsers:
    @pytest.fixture(autouse=True)
    def _documented(self, _seed: None) -> None:
        """A seed that tells the password of one user of three."""
        store(documented_password=identity.PASSWORD)

    def test_they_alone_are_listed_with_their_passwords(self) -> None:
        page = UserAgent().get(authorize()).text
        assert re.findall(r"<span>(.*?)</span> <span class=\"soft\">(.*?)</span>", page) == [
            (identity.USERNAME, identity.PASSWORD)
        ]
        assert "Freya" not in page

    def test_one_is_chosen_with_a_button(self) -> None:
        agent = UserAgent()
        page = agent.get(authorize())
        listed = page.text[page.text.index("<section") :]
        chosen = agent.submit(Answer(200, {}, listed), decision="sign-in")
        assert identity.USERNAME in agent.follow(chosen).text

    def test_nobody_is_where_no_seed_says_so(self) -> None:
        store()
        assert "<section" not in UserAgent().get(authorize()).text

    def test_one_who_has_another_password_in_a_sandbox_is_not(self) -> None:
        user = {"email": "t@example.test", "name": "T", "scopes": ["openid"], "password": "another-password"}
        operator = {"username": "operator", "password": identity.PASSWORD, "scope": "emulator:admin"}
        token = Gateway().post("/s/blue/auth/token", operator).json()["access_token"]
        claims = json.loads(identity.decode(token.split(".")[1]))
        made = Gateway(claims).put(f"/s/blue/_emulator/users/{identity.USERNAME}", user)
        assert made.status == 200
        assert identity.PASSWORD not in Gateway().get(f"/s/blue{authorize()}").text
        assert identity.PASSWORD in Gateway().get(authorize()).text

    def test_the_consent_page_lists_nobody(self) -> None:
        assert identity.PASSWORD not in UserAgent().logged_in().text
