"""Attacks on the pages themselves: forged forms, planted sessions, injected text, frames."""

import re
from html import escape
from urllib.parse import quote, urlencode

import pytest

from tests.security.conftest import BROWSER, SESSION, refused_by_a_page
from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.support.user_agent import CALLBACK, CHALLENGE, Form, UserAgent, app, authorize, sent_back

pytestmark = pytest.mark.usefixtures("provider")

INJECTED = [
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" autofocus onfocus=alert(1) x="',
    "</style><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "{csrf}{style}{0}",
    "javascript:alert(1)",
    "\u2028<b>\u2029",
    "&lt;script&gt;&#x3c;script&#x3e;",
]


class TestForgedForms:
    def typed(self) -> dict[str, str]:
        return {"username": identity.USERNAME, "password": identity.PASSWORD, "decision": "sign-in"}

    @pytest.mark.parametrize("token", ["x", "0" * 64, "\u2713", "null", " "])
    def test_with_a_made_up_token_are_refused(self, agent: UserAgent, token: str) -> None:
        agent.get(authorize())
        answer = agent.post(authorize(), {**self.typed(), "csrf": token})
        refused_by_a_page(answer, 403)
        assert SESSION not in agent.cookies

    def test_with_the_attackers_own_token_are_refused(self, agent: UserAgent) -> None:
        theirs = Form(UserAgent().get(authorize()).text).fields["csrf"]
        agent.get(authorize())
        refused_by_a_page(agent.post(authorize(), {**self.typed(), "csrf": theirs}), 403)

    def test_without_the_cookie_are_refused(self, agent: UserAgent) -> None:
        form = Form(agent.get(authorize()).text)
        refused_by_a_page(UserAgent().post(authorize(), {**self.typed(), **form.fields}), 403)

    @pytest.mark.parametrize("cookie", ["", "x", "a" * 42, "a" * 44, "a" * 42 + "=", "\u2713" * 43])
    def test_with_a_cookie_of_another_form_are_refused(self, agent: UserAgent, cookie: str) -> None:
        form = Form(agent.get(authorize()).text)
        agent.cookies[BROWSER] = cookie
        refused_by_a_page(agent.post(authorize(), {**self.typed(), **form.fields}), 403)

    def test_without_a_token_log_nobody_in(self, agent: UserAgent) -> None:
        agent.get(authorize())
        refused_by_a_page(agent.post("/auth/authorize", self.typed()), 400)
        refused_by_a_page(agent.post(authorize(), self.typed()), 403)
        assert SESSION not in agent.cookies

    @pytest.mark.parametrize("decision", ["allow", "deny"])
    def test_of_before_the_login_do_not_consent(self, agent: UserAgent, decision: str) -> None:
        before = agent.get(authorize())
        agent.login(before)
        refused_by_a_page(agent.submit(before, decision=decision), 403)

    def test_that_consent_with_the_attackers_session_are_refused(self, agent: UserAgent) -> None:
        attacker = UserAgent()
        page = attacker.logged_in()
        agent.logged_in()
        refused_by_a_page(agent.submit(page, decision="allow"), 403)

    def test_that_log_out_are_refused(self, agent: UserAgent) -> None:
        agent.logged_in()
        answer = agent.post("/auth/logout", {"csrf": "x", "decision": "sign-out"})
        refused_by_a_page(answer, 403)
        assert "Sign out?" in agent.get("/auth/logout").text

    def test_that_are_no_forms_are_refused(self, agent: UserAgent) -> None:
        agent.headers = {"content-type": "application/json"}
        for path in ("/auth/authorize", "/auth/logout"):
            answer = Gateway().post(path, {"csrf": "x"}, cookies=agent.cookies)
            refused_by_a_page(answer, 415)


class TestSessions:
    def test_a_planted_session_is_worth_nothing_after_the_login(self, agent: UserAgent) -> None:
        attacker = UserAgent()
        attacker.logged_in()
        agent.cookies[SESSION] = planted = attacker.cookies[SESSION]
        page = agent.login(agent.get(authorize(prompt="login")))
        assert page.status == 303
        assert agent.cookies[SESSION] != planted
        attacker.cookies = {SESSION: planted}
        assert sent_back(attacker.get(authorize(prompt="none")))["error"] == "login_required"

    def test_a_planted_secret_that_is_no_session_is_not_taken_up(self, agent: UserAgent) -> None:
        agent.cookies[SESSION] = "a" * 43
        agent.login(agent.get(authorize()))
        assert agent.cookies[SESSION] != "a" * 43

    @pytest.mark.parametrize("secret", ["", "x", "#session#", "a" * 8000, "\u2713", "'; --", "../.."])
    def test_no_made_up_secret_is_a_session(self, agent: UserAgent, secret: str) -> None:
        agent.cookies[SESSION] = secret
        assert sent_back(agent.get(authorize(prompt="none")))["error"] == "login_required"

    @pytest.mark.parametrize("planted_first", [True, False])
    def test_a_cookie_that_comes_twice_is_no_session(self, agent: UserAgent, planted_first: bool) -> None:
        agent.logged_in()
        both = [f"{SESSION}={'a' * 43}", f"{SESSION}={agent.cookies[SESSION]}"]
        cookies = both if planted_first else both[::-1]
        twice = UserAgent(headers={"cookie": "; ".join(cookies)})
        assert sent_back(twice.get(authorize(prompt="none")))["error"] == "login_required"

    def test_its_cookie_is_for_this_host_and_no_script(self, agent: UserAgent) -> None:
        page = agent.get(authorize())
        for answer in (page, agent.login(page)):
            (cookie,) = answer.cookies
            assert cookie.startswith("__Host-psn-")
            assert cookie.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Secure"

    def test_nothing_secret_is_logged(self, agent: UserAgent, capfd: pytest.CaptureFixture[str]) -> None:
        page = agent.logged_in()
        code = sent_back(agent.follow(agent.submit(page, decision="allow")))["code"]
        printed = "".join(capfd.readouterr())
        secrets = [*agent.cookies.values(), identity.PASSWORD, Form(page.text).fields["csrf"], code]
        assert not [secret for secret in secrets if secret in printed]


class TestInjectedText:
    @pytest.mark.parametrize("text", INJECTED)
    @pytest.mark.parametrize(
        "name", ["state", "nonce", "login_hint", "ui_locales", "display", "acr_values", "x"]
    )
    def test_in_a_request_stays_text(self, agent: UserAgent, name: str, text: str) -> None:
        first = agent.get(authorize(**{name: text}))
        second = agent.login(first, password="wrong", username=text)
        third = agent.follow(agent.login(second))
        for page in (first, second, third):
            assert_harmless(page)

    @pytest.mark.parametrize("text", INJECTED)
    def test_in_the_name_of_a_parameter_stays_text(self, agent: UserAgent, text: str) -> None:
        assert_harmless(agent.get(f"{authorize()}&{quote(text)}=1"))

    @pytest.mark.parametrize("text", INJECTED)
    @pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
    def test_in_what_is_refused_stays_text(self, agent: UserAgent, name: str, text: str) -> None:
        page = agent.get(authorize(**{name: text}))
        assert_harmless(page)
        assert escape(text) in page.text

    @pytest.mark.parametrize("text", INJECTED)
    @pytest.mark.parametrize("name", ["state", "logout_hint", "ui_locales", "id_token_hint"])
    def test_in_a_logout_stays_text(self, agent: UserAgent, name: str, text: str) -> None:
        agent.logged_in()
        assert_harmless(agent.get(f"/auth/logout?{urlencode({name: text})}"))

    @pytest.mark.parametrize("text", INJECTED)
    def test_in_a_clients_or_users_name_stays_text(self, agent: UserAgent, text: str) -> None:
        user = identity.seed_entry(username=text)
        identity.store_seed(user, registered=[app(name=text)])
        first = agent.get(authorize())
        consent = agent.follow(agent.login(first, username=text))
        assert "Deny" in consent.text
        for page in (first, consent, agent.get("/auth/logout")):
            assert_harmless(page)

    @pytest.mark.parametrize("text", INJECTED)
    def test_on_the_page_that_goes_on_stays_text(self, agent: UserAgent, text: str) -> None:
        agent.headers = {"accept": "text/html"}
        assert_harmless(agent.submit(agent.get(authorize(state=text)), decision="deny"))


class TestFramesAndLeaks:
    def pages(self, agent: UserAgent) -> list[Answer]:
        login = agent.get(authorize())
        consent = agent.logged_in()
        return [
            login,
            agent.login(agent.get(authorize(prompt="login")), password="wrong"),
            consent,
            agent.get("/auth/logout"),
            UserAgent().get("/auth/logout"),
            agent.get(authorize(client_id="nobody")),
            agent.post(authorize(), {"csrf": "x"}),
            agent.get("/auth/authorize?a=%ff"),
        ]

    def test_no_page_can_be_framed_kept_or_traced(self, agent: UserAgent) -> None:
        for page in self.pages(agent):
            assert page.headers["x-frame-options"] == "DENY"
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.headers["cache-control"] == "no-store"
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["content-type"] == "text/html; charset=utf-8"

    def test_no_page_may_run_or_load_or_send_anything_elsewhere(self, agent: UserAgent) -> None:
        for page in self.pages(agent):
            directives = dict(
                directive.split(" ", 1) for directive in page.headers["content-security-policy"].split("; ")
            )
            assert directives.pop("style-src").startswith("'sha256-")
            assert directives == {
                "default-src": "'none'",
                "img-src": "data:",
                "form-action": "'self'",
                "base-uri": "'none'",
                "frame-ancestors": "'none'",
            }

    def test_no_redirect_is_kept(self, agent: UserAgent) -> None:
        assert agent.get(authorize(prompt="none")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/auth/authorize", "/auth/logout"])
@pytest.mark.parametrize(
    "query",
    [
        "%",
        "%ff",
        "=&=&==",
        "&".join(f"p{n}=1" for n in range(101)),
        "a" * 5000,
        "\0",
        f"client_id=app&redirect_uri={quote(CALLBACK)}&code_challenge={CHALLENGE}",
        "client_id[]=app",
        "client_id=app;redirect_uri=x",
    ],
)
def test_no_query_is_a_server_error(agent: UserAgent, path: str, query: str) -> None:
    assert agent.get(f"{path}?{query}").status < 500
    assert agent.post(f"{path}?{query}", {"csrf": "x"}).status < 500


def assert_harmless(page: Answer) -> None:
    """Nothing on the page but what is on it anyway: no element, attribute or link of the attacker's."""
    assert page.status < 500
    if page.status == 303:
        return
    tags = re.findall(r"<([a-z0-9]+)([^>]*)>", page.text)
    assert not {tag for tag, _ in tags} & {"script", "img", "b", "iframe", "object", "base"}
    assert page.text.count("<svg") == 1
    assert page.text.count("<style>") == page.text.count("</style>") == page.text.count("</title>") == 1
    for _, attributes in tags:
        names = re.findall(r'([\w-]+)="[^"]*"', attributes)
        assert not [name for name in names if name.startswith("on")]
        assert not re.search(r'(href|action)="(?!\?|https://|data:image)', attributes)
