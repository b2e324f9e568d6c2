"""``/auth/authorize``: from a client's request to a code."""

import subprocess
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from services.identity import authorization_codes
from services.identity.access_token_verifier import verifier
from services.identity.seed import seed
from services.identity.sessions import user_key
from tests.conftest import ENVIRONMENT, Clock
from tests.support import identity
from tests.support.user_agent import CALLBACK, CHALLENGE, VERIFIER, Form, UserAgent, app, authorize, sent_back
from utils import table
from utils.sandbox import DEFAULT
from utils.writes import Update


@pytest.fixture(autouse=True)
def _provider(provider: None) -> None:
    """An identity provider with the default user and the client ``app``."""


@pytest.fixture
def agent() -> UserAgent:
    return UserAgent()


def allow(agent: UserAgent, page: Any) -> Any:
    return agent.follow(agent.submit(page, decision="allow"))


class TestTheWholeWay:
    def test_login_and_consent_lead_back_with_a_code(self, agent: UserAgent) -> None:
        login = agent.get(authorize())
        assert (login.status, "to continue to App" in login.text) == (200, True)
        consent = agent.follow(agent.login(login))
        assert "Allow App?" in consent.text
        back = sent_back(allow(agent, consent))
        assert sorted(back) == ["code", "iss", "state"]
        assert (back["state"], back["iss"]) == ("state-1", identity.ISSUER)

    def test_the_code_buys_tokens_for_what_was_asked(self, agent: UserAgent, stopped_clock: Clock) -> None:
        login = agent.login(agent.get(authorize()))
        at = int(stopped_clock.moment.timestamp())
        stopped_clock.moment += timedelta(seconds=30)
        code = sent_back(allow(agent, agent.follow(login)))["code"]
        tokens = authorization_codes.redeem(DEFAULT, seed().clients["app"], code, CALLBACK, VERIFIER)
        token = verifier().verify(tokens.access_token)
        assert (token.subject, token.client_id) == (identity.SUBJECT, "app")
        assert token.scope == "openid profile players:read"
        claims = identity.payload(tokens.id_token or "")
        assert (claims["nonce"], claims["auth_time"]) == ("nonce-1", at)

    def test_the_next_client_need_not_ask_again(self, agent: UserAgent) -> None:
        allow(agent, agent.logged_in())
        assert "code" in sent_back(agent.get(authorize()))

    def test_a_client_that_needs_no_consent_gets_its_code_after_the_login(self, agent: UserAgent) -> None:
        identity.store_seed(identity.seed_entry(), registered=[app(consent=False)])
        assert "code" in sent_back(agent.logged_in())

    def test_a_redirect_uri_keeps_its_own_query(self, agent: UserAgent) -> None:
        uri = f"{CALLBACK}?tenant=7"
        client = app(redirect_uris=[uri], consent=False)
        identity.store_seed(identity.seed_entry(), registered=[client])
        back = sent_back(agent.logged_in(redirect_uri=uri))
        assert (back["tenant"], "code" in back) == ("7", True)

    def test_a_request_in_a_form_of_the_client_is_brought_again_by_get(self, agent: UserAgent) -> None:
        parameters = parse_qsl(authorize().partition("?")[2])
        answer = agent.post("/auth/authorize", parameters)
        assert (answer.status, answer.headers["location"]) == (303, f"{identity.ISSUER}{authorize()}")
        assert "to continue to App" in agent.follow(answer).text

    def test_what_is_too_long_for_a_url_is_refused(self, agent: UserAgent) -> None:
        assert agent.post("/auth/authorize", {"state": "x" * 6000}).status == 400

    def test_no_state_is_answered_without_one(self, agent: UserAgent) -> None:
        assert "state" not in sent_back(agent.get(authorize(state=..., prompt="none")))


class TestWhoTakesHTML:
    def test_goes_on_from_a_form_by_a_page(self) -> None:
        agent = UserAgent(headers={"accept": "text/html,application/xhtml+xml"})
        answer = agent.login(agent.get(authorize()))
        assert answer.status == 200
        target = f"{identity.ISSUER}{authorize()}".replace("&", "&amp;")
        assert f'<meta http-equiv="refresh" content="0; url={target}">' in answer.text
        assert f'<a href="{target}">Continue</a>' in answer.text

    def test_is_redirected_where_there_was_no_form(self) -> None:
        agent = UserAgent(headers={"accept": "text/html"})
        assert agent.get(authorize(prompt="none")).status == 303


class TestTheLogin:
    def test_form_has_the_hinted_username(self, agent: UserAgent) -> None:
        page = agent.get(authorize(login_hint="Ann"))
        assert Form(page.text).fields["username"] == "Ann"

    def test_with_a_wrong_password_is_asked_again(self, agent: UserAgent) -> None:
        page = agent.login(agent.get(authorize()), password="nope")
        assert page.status == 400
        assert "The username or the password is wrong." in page.text
        assert Form(page.text).fields["username"] == identity.USERNAME
        assert "nope" not in page.text
        assert "Allow App?" in agent.follow(agent.login(page)).text

    @pytest.mark.parametrize(
        "typed", [{"username": "x" * 129}, {"password": "x" * 1025}, {"username": ""}, {"password": ""}]
    )
    def test_with_what_nobody_can_have_is_wrong_too(self, agent: UserAgent, typed: dict[str, str]) -> None:
        page = agent.login(agent.get(authorize()), **typed)
        assert (page.status, "The username or the password is wrong." in page.text) == (400, True)

    @pytest.mark.usefixtures("stopped_clock")
    def test_is_locked_out_after_repeated_failures(self, agent: UserAgent) -> None:
        page = agent.get(authorize())
        for _ in range(10):
            page = agent.login(page, password="nope")
        locked = agent.login(page)
        assert (locked.status, locked.headers["retry-after"]) == (400, "900")
        assert "Too many failed attempts. Try again in 15 min." in locked.text

    def test_that_is_cancelled_denies_the_access(self, agent: UserAgent) -> None:
        back = sent_back(agent.submit(agent.get(authorize()), decision="deny"))
        assert (back["error"], back["state"]) == ("access_denied", "state-1")

    @pytest.mark.parametrize("prompt", ["login", "select_account"])
    def test_is_asked_for_anew_when_the_client_wants_it(self, agent: UserAgent, prompt: str) -> None:
        allow(agent, agent.logged_in())
        page = agent.get(authorize(prompt=prompt))
        assert "Sign in" in page.text
        assert "code" in sent_back(agent.follow(agent.login(page)))

    def test_is_asked_for_anew_when_it_was_too_long_ago(self, agent: UserAgent, stopped_clock: Clock) -> None:
        allow(agent, agent.logged_in())
        stopped_clock.moment += timedelta(seconds=59)
        assert "code" in sent_back(agent.get(authorize(max_age="60")))
        stopped_clock.moment += timedelta(seconds=1)
        page = agent.get(authorize(max_age="60"))
        assert "Sign in" in page.text
        assert "code" in sent_back(agent.follow(agent.login(page)))

    def test_of_a_moment_ago_is_too_long_ago_for_no_seconds(self, agent: UserAgent) -> None:
        allow(agent, agent.logged_in())
        page = agent.get(authorize(max_age="0"))
        assert "Sign in" in page.text
        assert "code" in sent_back(agent.follow(agent.login(page)))

    def test_lasts_as_long_as_the_setting_says(self, agent: UserAgent, stopped_clock: Clock) -> None:
        allow(agent, agent.logged_in())
        stopped_clock.moment += timedelta(seconds=28_799)
        assert "code" in sent_back(agent.get(authorize()))
        stopped_clock.moment += timedelta(seconds=1)
        assert "Sign in" in agent.get(authorize()).text

    def test_of_a_locked_user_counts_no_more(self, agent: UserAgent) -> None:
        allow(agent, agent.logged_in())
        table.write(Update(user_key(DEFAULT, identity.SUBJECT), assign={"status": "locked"}))
        assert "Sign in" in agent.get(authorize()).text

    def test_of_another_user_takes_the_place_of_the_first(self, agent: UserAgent) -> None:
        other = identity.seed_entry(username="other", subject="22222222-2222-4222-8222-222222222222")
        identity.store_seed(identity.seed_entry(), other, registered=[app()])
        agent.logged_in()
        page = agent.login(agent.get(authorize(prompt="login")), username="other")
        assert "Signed in as <strong>other</strong>" in agent.follow(page).text


class TestTheConsent:
    def test_names_what_is_asked_for(self, agent: UserAgent) -> None:
        page = agent.logged_in(scope="openid email emulator:admin")
        for meaning in ("Know who you are", "See your e-mail address", "Operate the emulator"):
            assert meaning in page.text
        assert "See players" not in page.text
        assert "return to app.test" in page.text

    def test_that_is_denied_is_told_to_the_client(self, agent: UserAgent) -> None:
        back = sent_back(agent.submit(agent.logged_in(), decision="deny"))
        assert (back["error"], back["iss"]) == ("access_denied", identity.ISSUER)
        assert "Allow App?" in agent.get(authorize()).text

    def test_is_asked_for_more_than_was_given(self, agent: UserAgent) -> None:
        allow(agent, agent.logged_in(scope="openid profile"))
        assert "code" in sent_back(agent.get(authorize(scope="profile")))
        more = agent.get(authorize(scope="openid email"))
        assert "Allow App?" in more.text
        allow(agent, more)
        assert "code" in sent_back(agent.get(authorize(scope="openid profile email")))

    def test_for_one_client_is_none_for_another(self, agent: UserAgent) -> None:
        clients = [app(), app(client_id="other", name="Other")]
        identity.store_seed(identity.seed_entry(), registered=clients)
        allow(agent, agent.logged_in())
        assert "Allow Other?" in agent.get(authorize(client_id="other")).text

    @pytest.mark.parametrize("needed", [True, False])
    def test_is_asked_for_anew_when_the_client_wants_it(self, agent: UserAgent, needed: bool) -> None:
        identity.store_seed(identity.seed_entry(), registered=[app(consent=needed)])
        page = agent.logged_in(prompt="login consent")
        assert "Allow App?" in page.text
        assert "code" in sent_back(allow(agent, page))

    def test_offers_another_account(self, agent: UserAgent) -> None:
        page = agent.logged_in(prompt="consent")
        assert "Sign in" in agent.get(authorize(prompt="select_account")).text
        assert "prompt=select_account" in page.text
        assert "prompt=consent" not in page.text.partition("Use another account")[0].rpartition("<a ")[2]

    def test_given_after_the_session_ended_gives_nothing(
        self, agent: UserAgent, stopped_clock: Clock
    ) -> None:
        page = agent.logged_in()
        stopped_clock.moment += timedelta(hours=9)
        assert sent_back(agent.submit(page, decision="allow"))["error"] == "login_required"


class TestWithoutAPage:
    def test_one_who_is_not_logged_in_is_required_to(self, agent: UserAgent) -> None:
        assert sent_back(agent.get(authorize(prompt="none")))["error"] == "login_required"

    def test_one_who_has_not_consented_is_required_to(self, agent: UserAgent) -> None:
        agent.logged_in()
        assert sent_back(agent.get(authorize(prompt="none")))["error"] == "consent_required"

    def test_one_who_has_done_both_gives_a_code(self, agent: UserAgent) -> None:
        allow(agent, agent.logged_in())
        assert "code" in sent_back(agent.get(authorize(prompt="none")))


class TestTheExpectedUser:
    def hint(self, agent: UserAgent) -> str:
        code = sent_back(allow(agent, agent.logged_in()))["code"]
        tokens = authorization_codes.redeem(DEFAULT, seed().clients["app"], code, CALLBACK, VERIFIER)
        return tokens.id_token or ""

    def test_is_welcome(self, agent: UserAgent) -> None:
        assert "code" in sent_back(agent.get(authorize(id_token_hint=self.hint(agent), prompt="none")))

    def test_is_not_replaced_by_another(self, agent: UserAgent) -> None:
        hint = self.hint(agent)
        other = identity.seed_entry(username="other", subject="22222222-2222-4222-8222-222222222222")
        identity.store_seed(identity.seed_entry(), other, registered=[app()])
        page = agent.login(agent.get(authorize(prompt="login")), username="other")
        assert page.status == 303
        assert sent_back(agent.get(authorize(id_token_hint=hint)))["error"] == "login_required"

    def test_is_nobody_in_a_hint_that_is_not_ours(self, agent: UserAgent) -> None:
        assert sent_back(agent.get(authorize(id_token_hint="x.y.z")))["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": ...}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": ...}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": f"{CHALLENGE}="}, "invalid_request"),
        ({"code_challenge_method": ...}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "9" * 10}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "https://app.test/request"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"scope": "payments"}, "invalid_scope"),
        ({"scope": "tokens:introspect"}, "invalid_scope"),
    ],
)
def test_a_request_that_cannot_be_served_is_told_to_the_client(
    agent: UserAgent, changes: dict[str, Any], error: str
) -> None:
    back = sent_back(agent.get(authorize(**changes)))
    assert (back["error"], back["state"], back["iss"]) == (error, "state-1", identity.ISSUER)
    assert back["error_description"]


class TestScope:
    def test_that_nobody_knows_is_ignored(self, agent: UserAgent) -> None:
        assert "code" in sent_back(allow(agent, agent.logged_in(scope="openid offline_access")))

    def test_that_the_user_does_not_hold_is_invalid(self, agent: UserAgent) -> None:
        identity.store_seed(identity.seed_entry(scopes=["openid"]), registered=[app()])
        assert sent_back(agent.logged_in(scope="openid players:read"))["error"] == "invalid_scope"

    def test_that_is_not_named_is_all_that_both_may_have(self, agent: UserAgent) -> None:
        client = app(scopes=["openid", "players:read", "emulator:admin"])
        identity.store_seed(identity.seed_entry(), registered=[client])
        page = agent.logged_in(scope=...)
        assert "See players" in page.text
        assert "See your name" not in page.text
        assert "Operate the emulator" not in page.text


def test_a_client_without_the_grant_is_told_so(agent: UserAgent) -> None:
    client = app(grant_types=["password"])
    identity.store_seed(identity.seed_entry(), registered=[client])
    assert sent_back(agent.get(authorize()))["error"] == "unauthorized_client"


def test_a_form_without_a_decision_is_an_invalid_request(agent: UserAgent) -> None:
    assert sent_back(agent.submit(agent.get(authorize())))["error"] == "invalid_request"


def test_two_tabs_may_be_open_at_once(agent: UserAgent) -> None:
    first, second = agent.get(authorize()), agent.get(authorize(state="2"))
    assert second.cookies == ()
    assert agent.login(first).status == 303
    stale = agent.login(second)
    assert stale.status == 403
    assert "Begin again" in stale.text


def test_its_function_starts_without_what_signs_hashes_and_validates() -> None:
    load = "import main, sys; main.auth_authorize, main.auth_logout; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", load], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert {"botocore.session", "handlers.logout"} <= set(loaded.stdout.split())
    assert {"argon2", "cryptography", "joserfc", "pydantic"}.isdisjoint(loaded.stdout.split())
