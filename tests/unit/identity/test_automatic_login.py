"""Logins without typing: ``emulator_login=auto``, and the users whose passwords are documented on the login page."""

import json
import re
from typing import Any

import pytest

from services.identity import sessions
from tests.conftest import Clock
from tests.support import identity
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.user_agent import CALLBACK, VERIFIER, UserAgent, app, authorize, sent_back
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Update

ANOTHER = "22222222-2222-4222-8222-222222222222"
OPERATOR = "33333333-3333-4333-8333-333333333333"
PLAIN = [scope for scope in identity.SCOPES if scope != "emulator:admin"]


@pytest.fixture(autouse=True)
def _seed(provider: None) -> None:
    """Two users with documented passwords, and one without; a client that asks for consent."""
    store()


def store(**changes: Any) -> None:
    """Store the seed, with ``changes`` to the default user."""
    documented = {"scopes": PLAIN, "documented_password": identity.PASSWORD}
    identity.store_seed(
        identity.seed_entry(**{**documented, **changes}),
        identity.seed_entry(username="Freya", subject=ANOTHER, **documented),
        identity.seed_entry(username="operator", subject=OPERATOR, scopes=PLAIN),
        registered=[app(scopes=[*identity.SCOPES, "tokens:introspect"])],
    )


def automatic(**changes: Any) -> str:
    """An authorization request that signs in the default user."""
    return authorize(**{"emulator_login": "auto", "login_hint": identity.USERNAME, **changes})


def tokens(agent: UserAgent, answer: Answer) -> dict[str, Any]:
    """The tokens for the code that the browser is sent back with."""
    form = {
        "grant_type": "authorization_code",
        "code": sent_back(answer)["code"],
        "redirect_uri": CALLBACK,
        "client_id": "app",
        "code_verifier": VERIFIER,
    }
    answered: dict[str, Any] = agent.post("/auth/token", form).json()
    return answered


def scope_of(agent: UserAgent, answer: Answer) -> list[str]:
    """What the code gives."""
    scope: str = tokens(agent, answer)["scope"]
    return scope.split(" ")


def subject(agent: UserAgent, answer: Answer) -> str:
    """Whose code the browser is sent back with."""
    token = tokens(agent, answer)["id_token"]
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


def test_the_session_of_another_user_stays_until_a_login_on_the_page() -> None:
    agent = UserAgent()
    agent.get(automatic())
    before = dict(agent.cookies)
    page = agent.get(automatic(login_hint="fREYA"))
    assert (page.status, 'value="fREYA"' in page.text) == (200, True)
    assert agent.cookies.items() >= before.items()
    assert sent_back(agent.get(automatic(login_hint="fREYA", prompt="none")))["error"] == "login_required"
    assert subject(agent, agent.get(automatic())) == identity.SUBJECT
    after = agent.follow(agent.login(page))
    assert "Allow access" in after.text
    assert identity.USERNAME in after.text


def test_a_login_by_password_is_not_replaced() -> None:
    agent = UserAgent()
    agent.logged_in()
    before = dict(agent.cookies)
    assert subject(agent, agent.get(automatic())) == identity.SUBJECT
    assert "Sign in" in agent.get(automatic(prompt="login")).text
    assert agent.cookies == before


@pytest.mark.parametrize("reserved", ["emulator:admin", "tokens:introspect"])
def test_what_takes_a_password_is_not_had_without_it_whenever_it_is_granted(reserved: str) -> None:
    agent = UserAgent()
    agent.get(automatic())
    store(scopes=[*PLAIN, reserved])
    scope = f"openid {reserved}"
    for request in (authorize(scope=scope), automatic(scope=scope)):
        assert "Sign in" in agent.get(request).text
        silent = agent.get(f"{request}&prompt=none")
        assert sent_back(silent)["error"] == "login_required"
    everything = agent.get(automatic(scope=...))
    assert reserved not in scope_of(agent, everything)
    after = agent.follow(agent.login(agent.get(automatic(scope=scope))))
    assert reserved in scope_of(agent, agent.follow(agent.submit(after, decision="allow")))


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
        ({"login_hint": "made"}, "login_required"),
        ({"login_hint": "Freya"}, "login_required"),
        ({"emulator_login": "yes"}, "invalid_request"),
    ],
)
def test_who_cannot_be_signed_in_is_told_to_the_client(changes: dict[str, Any], error: str) -> None:
    user = {"email": "m@example.test", "name": "M", "scopes": ["openid"], "password": "nobody-else-knows"}
    for name in ("made", "Freya"):
        assert Gateway(open_session()).put(f"/_emulator/users/{name}", user).status in {200, 201}
    answer = Gateway().get(automatic(**changes))
    assert sent_back(answer)["error"] == error
    assert answer.cookies == ()


def test_who_is_signed_in_stays_so_whatever_becomes_of_the_request() -> None:
    store(scopes=["openid"])
    agent = UserAgent()
    assert sent_back(agent.get(automatic(scope="players:write")))["error"] == "invalid_scope"
    assert "Allow access" in agent.get(authorize(scope="openid")).text


def test_a_locked_user_is_not_signed_in() -> None:
    UserAgent().get(automatic())
    table.write(Update(sessions.user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
    assert sent_back(Gateway().get(automatic()))["error"] == "login_required"


def test_who_may_operate_is_signed_in_for_the_rest() -> None:
    store(scopes=identity.SCOPES)
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
        """A seed that tells the password of one user of two."""
        identity.store_seed(
            identity.seed_entry(scopes=PLAIN, documented_password=identity.PASSWORD),
            identity.seed_entry(username="operator", subject=OPERATOR),
            registered=[app()],
        )

    def test_they_alone_are_listed_with_their_passwords(self) -> None:
        page = UserAgent().get(authorize()).text
        assert re.findall(r"<span>(.*?)</span> <span class=\"soft\">(.*?)</span>", page) == [
            (identity.USERNAME, identity.PASSWORD)
        ]
        assert "operator" not in page

    def test_one_is_chosen_with_a_button(self) -> None:
        agent = UserAgent()
        page = agent.get(authorize())
        listed = page.text[page.text.index("<section") :]
        chosen = agent.submit(Answer(200, {}, listed), decision="sign-in")
        assert identity.USERNAME in agent.follow(chosen).text

    def test_nobody_is_where_no_seed_says_so(self) -> None:
        identity.store_seed(identity.seed_entry(), registered=[app()])
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
