"""What unmodified clients send that is right by the standards, though not the one way to send it."""

from base64 import b64encode
from datetime import timedelta
from time import time
from urllib.parse import quote

import pytest

from services.identity.seed import Client as RegisteredClient
from tests.support import identity
from tests.support.user_agent import CALLBACK, GOODBYE, VERIFIER, UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import BASIC, Client

LOOPBACK = "http://127.0.0.1:8080/callback"


pytestmark = pytest.mark.usefixtures("provider")


@pytest.fixture
def agent() -> UserAgent:
    """A browser that is logged in, whose user is not asked for consent."""
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), app(consent=False)])
    agent = UserAgent()
    agent.logged_in()
    return agent


class TestRedirectURIs:
    """RFC 8252 section 7: whoever listens on the loopback interface takes the port that is free."""

    @pytest.mark.parametrize(
        ("registered", "sent", "accepted"),
        [
            (LOOPBACK, "http://127.0.0.1:51004/callback", True),
            (LOOPBACK, "http://127.0.0.1/callback", True),
            ("http://127.0.0.1/callback", "http://127.0.0.1:51004/callback", True),
            ("http://[::1]:8080/callback", "http://[::1]:51004/callback", True),
            ("http://[::1]/callback?a=b", "http://[::1]:1/callback?a=b", True),
            (LOOPBACK, "http://127.0.0.1:0/callback", False),
            (LOOPBACK, "http://127.0.0.1:65536/callback", False),
            (LOOPBACK, "http://127.0.0.1:/callback", False),
            (LOOPBACK, "http://127.0.0.1:51004/other", False),
            (LOOPBACK, "http://127.0.0.1:51004/callback/", False),
            (LOOPBACK, "http://127.0.0.1:51004/callback?a=b", False),
            (LOOPBACK, "http://[::1]:51004/callback", False),
            (LOOPBACK, "http://localhost:8080/callback", False),
            (LOOPBACK, "https://127.0.0.1:51004/callback", False),
            (LOOPBACK, "http://127.0.0.1:51004@attacker.test/callback", False),
            (LOOPBACK, "http://127.0.0.1.attacker.test:51004/callback", False),
            (LOOPBACK, "http://127.0.0.1:5\u0661004/callback", False),
            ("http://localhost:8080/callback", "http://localhost:51004/callback", False),
            ("https://app.test/callback", "https://app.test:444/callback", False),
            ("com.example.game:/callback", "com.example.game:/callback", True),
            ("com.example.game:/callback", "com.example.game:/other", False),
        ],
    )
    def test_may_have_any_port_on_the_loopback_interface(
        self, registered: str, sent: str, accepted: bool
    ) -> None:
        client = RegisteredClient.from_seed(app(redirect_uris=[registered]))
        assert client.may_redirect_to(sent) == accepted
        assert not client.may_log_out_to(sent)

    def test_of_localhost_only_by_a_setting(self) -> None:
        entry = app(redirect_uris=["http://localhost/callback"], any_localhost_port=True)
        assert RegisteredClient.from_seed(entry).may_redirect_to("http://localhost:51004/callback")

    @pytest.mark.parametrize("uri", ["http://127.0.0.1:51004/callback", "com.example.game:/callback"])
    def test_get_the_code_and_are_bound_to_it(self, client: Client, uri: str) -> None:
        registered = [LOOPBACK, "com.example.game:/callback"]
        identity.store_seed(identity.seed_entry(), registered=[app(redirect_uris=registered, consent=False)])
        browser = UserAgent()
        page = browser.login(browser.get(authorize(redirect_uri=uri)))
        answer = browser.follow(page)
        assert answer.headers["location"].startswith(f"{uri}?code=")
        code = answer.headers["location"].partition("code=")[2].partition("&")[0]
        grant = {"grant_type": "authorization_code", "client_id": "app", "code": code}
        for redirect_uri, status in ((LOOPBACK, 400), (uri, 200)):
            sent = {**grant, "redirect_uri": redirect_uri, "code_verifier": VERIFIER}
            assert client.form("/auth/token", sent).status == status

    def test_that_are_refused_are_shown_with_what_is_registered(self, agent: UserAgent) -> None:
        page = agent.get(authorize(redirect_uri="https://app.test/calback"))
        assert page.status == 400
        assert "Sent was: https://app.test/calback" in page.text
        assert f"Registered: {CALLBACK}." in page.text

    def test_nothing_registered_is_shown_where_it_may_be_a_secret(
        self, agent: UserAgent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from utils.settings import settings

        monkeypatch.setenv("ENVIRONMENT", "staging")
        settings.cache_clear()
        page = agent.get(authorize(redirect_uri="https://app.test/calback"))
        assert "Sent was: https://app.test/calback" in page.text
        assert CALLBACK not in page.text.replace("calback", "")


class TestClients:
    def test_a_public_one_may_authenticate_by_basic_with_an_empty_secret(self, client: Client) -> None:
        code = client.code(identity.WEB)
        assert client.redeem(code, basic=(identity.WEB, "")).status == 200

    def test_a_confidential_one_may_not(self, client: Client) -> None:
        assert client.redeem(client.code(), basic=(identity.BACKEND, "")).json()["error"] == "invalid_client"

    @pytest.mark.parametrize("parameter", ["client_assertion", "client_assertion_type"])
    def test_an_assertion_is_no_authentication_here(self, client: Client, parameter: str) -> None:
        credentials = {"client_id": identity.BACKEND, "client_secret": identity.SECRET}
        form = {"grant_type": "client_credentials", **credentials, parameter: "garbage"}
        answer = client.form("/auth/token", form)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_client")

    def test_a_confidential_one_needs_no_challenge(self, client: Client) -> None:
        form = {
            "grant_type": "authorization_code",
            "code": client.code(code_challenge=None),
            "redirect_uri": identity.REDIRECT_URI,
        }
        refused = client.form("/auth/token", form | {"code_verifier": identity.VERIFIER}, basic=BASIC)
        assert refused.json()["error"] == "invalid_grant"
        assert client.form("/auth/token", form, basic=BASIC).status == 200

    def test_a_challenge_that_was_sent_binds(self, client: Client) -> None:
        assert client.redeem(client.code(), code_verifier="").json()["error"] == "invalid_grant"

    @pytest.mark.parametrize(
        ("client_id", "require_pkce", "error"),
        [
            (identity.BACKEND, False, "login_required"),
            (identity.BACKEND, True, "invalid_request"),
            (identity.WEB, False, "invalid_request"),
        ],
    )
    def test_whose_requests_need_a_challenge(self, client_id: str, require_pkce: bool, error: str) -> None:
        entries = {entry["client_id"]: entry for entry in identity.clients()}
        identity.store_seed(
            identity.seed_entry(), registered=[entries[client_id] | {"require_pkce": require_pkce}]
        )
        request = authorize(
            client_id=client_id,
            redirect_uri=identity.REDIRECT_URI,
            code_challenge=...,
            code_challenge_method=...,
            prompt="none",
        )
        assert sent_back(UserAgent().get(request), identity.REDIRECT_URI)["error"] == error

    @pytest.mark.parametrize("changes", [{"code_challenge_method": ...}, {"code_challenge": ...}])
    def test_half_a_challenge_is_none(self, changes: dict[str, object]) -> None:
        request = authorize(client_id=identity.BACKEND, redirect_uri=identity.REDIRECT_URI, **changes)
        assert sent_back(UserAgent().get(request), identity.REDIRECT_URI)["error"] == "invalid_request"


class TestScopes:
    ASKED = "openid players:read offline_access address phone unknown:one"
    GIVEN = "openid players:read offline_access address phone"

    def test_a_refresh_may_repeat_what_was_asked_for_first(self, client: Client) -> None:
        tokens = client.granted(
            "password", username=identity.USERNAME, password=identity.PASSWORD, scope=self.ASKED
        )
        assert tokens["scope"] == self.GIVEN
        again = client.granted("refresh_token", refresh_token=tokens["refresh_token"], scope=self.ASKED)
        assert again["scope"] == self.GIVEN

    def test_unknown_ones_are_ignored_at_both_endpoints(self, agent: UserAgent) -> None:
        assert "code" in sent_back(agent.get(authorize(scope="openid unknown:one")))

    def test_unknown_ones_alone_are_invalid(self, client: Client) -> None:
        assert client.login(scope="unknown:one unknown:two").json()["error"] == "invalid_scope"

    def test_offline_access_is_given_only_to_who_names_it_and_may_refresh(self, client: Client) -> None:
        assert "offline_access" not in client.tokens()["scope"]
        entry = identity.client_entry(identity.BACKEND, grant_types=["password"])
        identity.store_seed(identity.seed_entry(), registered=[entry])
        assert (
            client.granted(
                "password",
                username=identity.USERNAME,
                password=identity.PASSWORD,
                scope="openid offline_access",
            )["scope"]
            == "openid"
        )

    def test_a_client_has_none_for_itself(self, client: Client) -> None:
        refused = client.grant("client_credentials", scope="offline_access")
        assert refused.json()["error"] == "invalid_scope"


class TestForms:
    @pytest.mark.parametrize(
        ("charset", "username"),
        [
            ("ISO-8859-1", quote("Jos\u00e9", encoding="latin-1")),
            ("iso-8859-1", "Jos\u00e9"),
            ('"UTF-8"', quote("Jos\u00e9")),
        ],
    )
    def test_are_read_by_their_charset(self, client: Client, charset: str, username: str) -> None:
        identity.store_seed(identity.seed_entry(username="Jos\u00e9"), registered=identity.clients())
        basic = b64encode(":".join(map(quote, BASIC)).encode()).decode()
        answer = client.post(
            "/auth/token",
            raw=f"grant_type=password&username={username}&password={identity.PASSWORD}".encode("latin-1"),
            headers={
                "content-type": f"application/x-www-form-urlencoded; charset={charset}",
                "authorization": f"Basic {basic}",
            },
        )
        assert answer.status == 200, answer.text

    @pytest.mark.parametrize(
        ("charset", "body"), [("us-ascii", "grant_type=%E9"), ("utf-16", "a=b"), ("utf-8", "grant_type=%E9")]
    )
    def test_that_are_not_of_their_charset_are_refused(self, client: Client, charset: str, body: str) -> None:
        content_type = f"application/x-www-form-urlencoded; charset={charset}"
        answer = client.post("/auth/token", raw=body, headers={"content-type": content_type})
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "text/plain", ""])
    def test_of_another_type_are_told_the_right_one(self, client: Client, content_type: str) -> None:
        answer = client.post("/auth/token", raw="x", headers={"content-type": content_type})
        assert answer.json()["error_description"].startswith(
            "The body must be application/x-www-form-urlencoded"
        )


class TestBearers:
    @pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEaReR"])
    def test_the_scheme_is_of_any_case(self, client: Client, scheme: str) -> None:
        headers = {"authorization": f"{scheme} {client.tokens()['access_token']}"}
        assert client.get("/auth/userinfo", headers).status == 200

    def test_userinfo_is_posted_with_the_token_in_the_header(self, client: Client) -> None:
        headers = {"authorization": f"Bearer {client.tokens()['access_token']}"}
        for content_type in ({}, {"content-type": "application/x-www-form-urlencoded"}):
            answer = client.post("/auth/userinfo", raw="", headers=headers | content_type)
            assert (answer.status, answer.json()["sub"]) == (200, identity.SUBJECT)

    def test_or_in_the_form(self, client: Client) -> None:
        form = {"access_token": client.tokens()["access_token"]}
        assert client.form("/auth/userinfo", form).json()["sub"] == identity.SUBJECT
        twice = client.form("/auth/userinfo", form, basic=("x", "y"))
        assert (twice.status, twice.json()["error"]) == (400, "invalid_request")

    def test_without_one_it_challenges(self, client: Client) -> None:
        answer = client.form("/auth/userinfo", {})
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="psn-emulator"')


class TestHints:
    def _rotated(self, agent: UserAgent, client: Client, *, ago: timedelta) -> str:
        """The ID token of a session, whose key is no longer published since so long ``ago``."""
        code = sent_back(agent.get(authorize()))["code"]
        grant = {"grant_type": "authorization_code", "client_id": "app", "code": code}
        form = {**grant, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        hint: str = client.form("/auth/token", form).json()["id_token"]
        until = {"key-1": {"published_until": time() - ago.total_seconds()}}
        identity.store_keys(identity.KEY, identity.new_key("key-2"), times=until)
        assert [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]] == ["key-2"]
        return hint

    def test_are_known_when_their_key_was_rotated_away(self, agent: UserAgent, client: Client) -> None:
        hint = self._rotated(agent, client, ago=timedelta(hours=1))
        assert "code" in sent_back(agent.get(authorize(id_token_hint=hint, prompt="none")))
        logout = f"/auth/logout?id_token_hint={hint}&post_logout_redirect_uri={quote(GOODBYE)}"
        assert agent.get(logout).headers["location"] == GOODBYE

    def test_are_forgotten_when_no_session_can_be_as_old(self, agent: UserAgent, client: Client) -> None:
        hint = self._rotated(agent, client, ago=timedelta(days=1))
        answer = sent_back(agent.get(authorize(id_token_hint=hint, prompt="none")))
        assert answer["error"] == "invalid_request"
