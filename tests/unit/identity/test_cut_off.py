"""A logout or a revocation whose function is killed at any of its writes: done again, it leaves no token alive."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from services.identity import browser_sessions
from services.identity.seed import seed
from tests.support import identity
from tests.support.gateway import Answer
from tests.support.interception import Call, Intercept
from tests.support.user_agent import CALLBACK, VERIFIER, UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import BASIC, SERVICE, Client
from utils import table
from utils.sandbox import DEFAULT

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
FAMILIES = 1


class Killed(BaseException):
    """The function's process ended."""


class Killer:
    """Kills the function once, before or after the write of the number ``at``, from 0."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.after = False
        self.writes = 0

    def __call__(self, call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if self.at is None or operation not in WRITES:
            return call(operation, arguments)
        is_last, self.writes = self.writes == self.at, self.writes + 1
        if is_last and not self.after:
            raise Killed
        answer = call(operation, arguments)
        if is_last:
            raise Killed
        return answer

    def cuts(self, at: int, *, after: bool) -> None:
        """Kill the next function at this write."""
        self.at, self.after, self.writes = at, after, 0

    def is_through(self, act: Callable[[], Any]) -> bool:
        """Whether ``act`` made fewer writes than it takes to be killed."""
        try:
            act()
        except Killed:
            self.at = None
            return False
        self.at = None
        return True


@pytest.fixture
def killer(provider: None, intercept: Intercept) -> Killer:
    killer = Killer()
    intercept(killer)
    return killer


def moments() -> Iterator[tuple[int, bool]]:
    """Before and after each write, more of them than there are."""
    return ((at, after) for at in range(20) for after in (False, True))


@pytest.fixture
def agent(killer: Killer) -> UserAgent:
    """A browser in which ``app`` may have everything."""
    agent = UserAgent()
    agent.follow(agent.submit(agent.logged_in(), decision="allow"))
    return agent


def tokens(client: Client, agent: UserAgent) -> dict[str, Any]:
    fields = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": CALLBACK}
    code = sent_back(agent.get(authorize()))["code"]
    got: dict[str, Any] = client.form(
        "/auth/token", {**fields, "code": code, "code_verifier": VERIFIER}
    ).json()
    return got


def is_alive(client: Client, got: dict[str, Any]) -> bool:
    form = {"token": got["access_token"]}
    return bool(client.form("/auth/introspect", form, basic=SERVICE).json()["active"])


def by_hint(agent: UserAgent, hint: str) -> Answer:
    return agent.get(f"/auth/logout?id_token_hint={hint}")


def by_form(agent: UserAgent, _hint: str) -> Answer:
    page = agent.get("/auth/logout")
    return agent.submit(page, decision="sign-out") if "Sign out?" in page.text else page


@pytest.mark.parametrize("logout", [by_hint, by_form])
def test_a_logout_that_is_repeated_leaves_no_token_alive(
    client: Client, killer: Killer, agent: UserAgent, logout: Callable[[UserAgent, str], Answer]
) -> None:
    cookies, cut_off = dict(agent.cookies), 0
    for at, after in moments():
        agent.cookies = dict(cookies)
        if cut_off:
            agent.logged_in()
        got = [tokens(client, agent) for _ in range(FAMILIES)]
        killer.cuts(at, after=after)
        is_through = killer.is_through(partial(logout, agent, got[0]["id_token"]))
        if not is_through:
            cut_off += 1
            answer = logout(agent, got[0]["id_token"])
            assert "You are signed out" in answer.text
        assert not any(is_alive(client, one) for one in got), (at, after)
        assert all(client.form("/auth/token", refresh(one)).status == 400 for one in got)
        if is_through:
            break
    assert cut_off == 2 * (2 + 1 + FAMILIES)  # one family is of the code that the login itself gave


def refresh(got: dict[str, Any]) -> dict[str, str]:
    return {"grant_type": "refresh_token", "client_id": "app", "refresh_token": got["refresh_token"]}


def test_a_logout_that_is_never_repeated_is_completed_by_the_next_login(
    client: Client, killer: Killer, agent: UserAgent
) -> None:
    got, page = tokens(client, agent), agent.get(authorize(prompt="login"))
    killer.cuts(0, after=True)
    assert not killer.is_through(lambda: by_form(agent, ""))
    agent.login(page)
    assert not is_alive(client, got)


def test_no_code_is_given_after_a_logout_that_overtakes_its_request(
    client: Client, agent: UserAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    hint, find = tokens(client, agent)["id_token"], browser_sessions.find_session
    other = UserAgent(dict(agent.cookies))

    def overtaken(*arguments: Any) -> Any:
        session = find(*arguments)
        by_hint(other, hint)
        return session

    monkeypatch.setattr("handlers.authorize.find_session", overtaken)
    assert sent_back(agent.get(authorize(prompt="none")))["error"] == "login_required"


def test_a_session_that_expired_is_logged_out_too(
    client: Client, agent: UserAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = tokens(client, agent)
    key = browser_sessions._key(DEFAULT, agent.cookies["__Host-psn-session"])
    item = table.get(key) or {}
    from utils.writes import Update

    table.write(Update(key, assign={"expires_at": item["auth_time"]}))
    assert "You are signed out" in by_form(agent, "").text
    assert not is_alive(client, got)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_revocation_that_is_repeated_leaves_no_token_alive(
    client: Client, killer: Killer, kind: str
) -> None:
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), app()])
    seed()
    for after in (False, True):
        got = client.granted("password", username=identity.USERNAME, password=identity.PASSWORD)

        def revoke(token: str = got[kind]) -> Answer:
            return client.form("/auth/revoke", {"token": token}, basic=BASIC)

        killer.cuts(0, after=after)
        assert not killer.is_through(revoke)
        assert revoke().status == 200
        assert not is_alive(client, got)
        form = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
        assert client.form("/auth/token", form, basic=BASIC).status == 400
