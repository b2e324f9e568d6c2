"""The ways of naming a sandbox, what happens where two of them disagree, and that every answer says which it was."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from services.sandboxes.opening import opened
from tests.support import identity
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.tenants import SERVICE, Tenant, basic, context_of, provide
from tests.support.user_agent import CALLBACK, CHALLENGE, FORM, VERIFIER, Form, UserAgent, app
from utils import table
from utils.sandbox import sandbox_key
from utils.settings import settings
from utils.writes import Update

PASSWORD: Final = {"username": identity.USERNAME, "password": identity.PASSWORD}


@pytest.fixture(autouse=True)
def _provider(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch)
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), app(consent=False)])


def form(target: str, fields: Mapping[str, str], **headers: str) -> Answer:
    return Gateway().post(target, raw=urlencode(fields), headers={**FORM, **headers})


def by_path(name: str, sent: dict[str, Any]) -> None:
    sent["prefix"] = f"/s/{name}"


def by_header(name: str, sent: dict[str, Any]) -> None:
    sent["headers"]["x-sandbox"] = name


def by_field(name: str, sent: dict[str, Any]) -> None:
    sent["fields"]["sandbox"] = name


def by_scope(name: str, sent: dict[str, Any]) -> None:
    sent["fields"]["scope"] = f"players:read sandbox:{name}"


def by_refresh_token(name: str, sent: dict[str, Any]) -> None:
    sent["fields"]["refresh_token"] = Tenant(name).login()["refresh_token"]


type Way = Callable[[str, dict[str, Any]], None]
WAYS: tuple[Way, ...] = (by_path, by_header, by_field, by_scope)


def asked(*named: tuple[Way, str]) -> dict[str, Any]:
    sent: dict[str, Any] = {"prefix": "", "headers": {}, "fields": {}}
    for way, name in named:
        way(name, sent)
    return sent


class TestAtTheTokenEndpoint:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("as_json", [True, False])
    def test_each_way_names_it(self, way: Way, as_json: bool) -> None:
        sent = asked((way, "ci-7"))
        if as_json:
            answer = Gateway().post(
                f"{sent['prefix']}/auth/token", PASSWORD | sent["fields"], headers=sent["headers"]
            )
        else:
            grant = {"grant_type": "password", **PASSWORD, **sent["fields"]}
            secret = basic(identity.BACKEND, identity.SECRET)
            answer = form(f"{sent['prefix']}/auth/token", grant, **sent["headers"], **secret)
        assert (answer.status, answer.headers["x-sandbox"]) == (200, "ci-7")
        claims = identity.payload(answer.json()["access_token"])
        assert claims["sandbox"] == "ci-7"
        assert claims["iss"] == f"{identity.ISSUER}{sent['prefix']}"
        assert "sandbox" not in answer.json()["scope"]

    @pytest.mark.parametrize("ways", list(combinations((*WAYS, by_refresh_token), 2)))
    def test_two_that_disagree_are_refused(self, ways: tuple[Way, Way]) -> None:
        sent = asked((ways[0], "ci-7"), (ways[1], "ci-8"))
        is_refresh = "refresh_token" in sent["fields"]
        body = sent["fields"] if is_refresh else PASSWORD | sent["fields"]
        answer = Gateway().post(
            f"{sent['prefix']}/auth/{'refresh' if is_refresh else 'token'}", body, headers=sent["headers"]
        )
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert "x-sandbox" in answer.headers

    def test_all_that_agree_are_one(self) -> None:
        sent = asked(*((way, "ci-7") for way in WAYS))
        body = PASSWORD | sent["fields"]
        answer = Gateway().post(f"{sent['prefix']}/auth/token", body, headers=sent["headers"])
        assert (answer.status, answer.headers["x-sandbox"]) == (200, "ci-7")

    def test_a_refresh_token_names_the_default_sandbox_too(self) -> None:
        token = Tenant().login()["refresh_token"]
        answer = Gateway().post("/s/ci-7/auth/refresh", {"refresh_token": token})
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert Gateway().post("/auth/refresh", {"refresh_token": token}).headers["x-sandbox"] == "default"

    def test_a_scope_that_only_names_it_asks_for_all_scopes(self) -> None:
        alone = Gateway().post("/auth/token", {**PASSWORD, "scope": "sandbox:ci-7"}).json()
        without = Gateway().post("/s/ci-7/auth/token", PASSWORD).json()
        assert alone["scope"] == without["scope"]
        again = Gateway().post(
            "/auth/refresh", {"refresh_token": alone["refresh_token"], "scope": "sandbox:ci-7"}
        )
        assert again.json()["scope"] == alone["scope"]

    @pytest.mark.parametrize("name", ["UPPER", "a_b", "", "ci-7\u00e9", "x" * 65])
    @pytest.mark.parametrize("way", [by_header, by_field, by_scope])
    def test_what_cannot_be_a_name_is_refused(self, way: Way, name: str) -> None:
        sent = asked((way, name))
        answer = Gateway().post("/auth/token", PASSWORD | sent["fields"], headers=sent["headers"])
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")

    def test_a_strict_one_that_has_ended_is_told_in_the_words_of_oauth(self) -> None:
        opened("ci-7")
        table.write(Update(sandbox_key("ci-7"), assign={"strict": True, "ends_at": 1}))
        answer = Gateway().post("/s/ci-7/auth/token", PASSWORD)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


class TestAboutTokens:
    def test_introspection_says_that_another_sandboxs_are_not_active(self) -> None:
        tokens = Tenant("ci-7").login()
        for token in (tokens["access_token"], tokens["refresh_token"]):
            assert Tenant("ci-8").introspected(token) == {"active": False}
            answer = form("/auth/introspect", {"token": token, "sandbox": "ci-8"}, **basic(*SERVICE))
            assert answer.json() == {"active": False}
        answer = form("/auth/introspect", {"token": tokens["access_token"]}, **basic(*SERVICE))
        assert (answer.json()["active"], answer.headers["x-sandbox"]) == (True, "ci-7")

    def test_revocation_refuses_another_sandboxs(self) -> None:
        tokens = Tenant("ci-7").login()
        for token in (tokens["access_token"], tokens["refresh_token"]):
            answer = form("/s/ci-8/auth/revoke", {"token": token, "client_id": "psn-emulator"})
            assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert Tenant("ci-7").userinfo(tokens["access_token"]).status == 200

    def test_revoking_one_of_a_generation_before_does_nothing(self) -> None:
        token = Tenant("ci-7").login()["access_token"]
        table.write(Update(sandbox_key("ci-7"), assign={"ends_at": 1}))
        answer = form("/s/ci-7/auth/revoke", {"token": token, "client_id": "psn-emulator"})
        assert answer.status == 200

    @pytest.mark.parametrize("headers", [{}, {"x-sandbox": "ci-8"}])
    def test_userinfo_is_about_the_tokens_sandbox_and_refuses_another(self, headers: dict[str, str]) -> None:
        token = Tenant("ci-7").login()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        answer = Gateway().get("/auth/userinfo", headers=bearer)
        assert (answer.status, answer.headers["x-sandbox"]) == (200, "ci-7")
        target = "/auth/userinfo" if headers else "/s/ci-8/auth/userinfo"
        for refused in (
            Gateway().get(target, headers={**bearer, **headers}),
            form(target, {"access_token": token}, **headers),
        ):
            assert (refused.status, refused.json()["error"]) == (400, "invalid_request")

    def test_userinfo_of_a_token_that_is_none_is_a_challenge(self) -> None:
        for token in ("forged", "a.b.c", "a." + urlsafe_b64encode(b'{"sandbox": "UP"}').decode() + ".c"):
            answer = Gateway().get("/auth/userinfo", headers={"authorization": f"Bearer {token}"})
            assert answer.status == 401


class TestOnTheOtherRoutes:
    def test_a_token_says_it_alone(self) -> None:
        api = Gateway(context_of(Tenant("ci-7").login()["access_token"]))
        for target, headers in (
            ("/players", {}),
            ("/s/ci-7/players", {}),
            ("/players", {"x-sandbox": "ci-7, ci-7"}),
        ):
            answer = api.get(target, headers=headers)
            assert (answer.status, answer.headers["x-sandbox"]) == (200, "ci-7")

    @pytest.mark.parametrize(
        ("target", "headers"),
        [
            ("/s/ci-8/players", {}),
            ("/players", {"x-sandbox": "ci-8"}),
            ("/players", {"x-sandbox": "default"}),
            ("/s/ci-7/players", {"x-sandbox": "ci-8"}),
            ("/players", {"x-sandbox": "ci-7,ci-8"}),
        ],
    )
    def test_what_disagrees_with_it_is_refused(self, target: str, headers: dict[str, str]) -> None:
        answer = Gateway(context_of(Tenant("ci-7").login()["access_token"])).get(target, headers=headers)
        assert (answer.status, answer.code) == (400, "sandbox_mismatch")
        assert "x-sandbox" in answer.headers

    @pytest.mark.parametrize("name", ["UPPER", "a_b", "a%2Fb", "x" * 65, "%00"])
    @pytest.mark.parametrize(
        "path", ["/players", "/openapi.json", "/docs", "/.well-known/jwks.json", "/healthz", "/", "/nothing"]
    )
    def test_a_path_that_cannot_name_one_is_refused(self, name: str, path: str) -> None:
        answer = Gateway(open_session()).get(f"/s/{name}{path}")
        assert (answer.status, answer.code) == (400, "invalid_sandbox")
        assert "x-sandbox" in answer.headers

    def test_a_path_may_be_spelt_as_urls_may_be(self) -> None:
        answer = Gateway().get("/s/ci%2D7/.well-known/openid-configuration")
        assert (answer.json()["issuer"], answer.headers["x-sandbox"]) == (f"{identity.ISSUER}/s/ci-7", "ci-7")

    def test_the_longest_name_is_one(self) -> None:
        name = "x" * 64
        assert Gateway().post(f"/s/{name}/auth/token", PASSWORD).headers["x-sandbox"] == name

    @pytest.mark.parametrize(
        "target",
        ["/s/ci-7/.well-known/openid-configuration", "/.well-known/openid-configuration/s/ci-7"],
    )
    def test_discovery_leads_to_where_it_was_asked(self, target: str) -> None:
        told = Gateway().get(target).json()
        base = f"{identity.ISSUER}/s/ci-7"
        urls = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
        assert told["issuer"] == base
        assert all(url.startswith(f"{base}/") for url in urls)

    def test_nothing_begins_one_but_the_identity_provider(self) -> None:
        for path in ("/", "/healthz", "/openapi.json", "/.well-known/jwks.json", "/no/such/path"):
            assert Gateway().get(f"/s/ci-7{path}").headers["x-sandbox"] == "ci-7"
        assert table.get(sandbox_key("ci-7")) is None

    def test_the_base_url_itself_is_its_root(self) -> None:
        assert Gateway().get("/s/ci-7").data["links"]["players"] == f"{identity.ISSUER}/s/ci-7/players"

    def test_only_the_metadata_has_a_prefix_at_its_end(self) -> None:
        answer = Gateway().get("/.well-known/jwks.json/s/ci-7")
        assert (answer.status, answer.code) == (404, "not_found")

    def test_one_that_has_ended_lets_no_token_of_it_in(self) -> None:
        api = Gateway(context_of(Tenant("ci-7").login()["access_token"]))
        table.write(Update(sandbox_key("ci-7"), assign={"ends_at": 1}))
        assert api.get("/players").code == "invalid_token"
        Tenant("ci-7").login()
        assert api.get("/players").code == "invalid_token"

    def test_only_the_default_sandboxs_administrator_operates_others(self) -> None:
        of_default, of_another = (
            Gateway(context_of(Tenant(name).login(scope="emulator:admin")["access_token"]))
            for name in ("default", "ci-8")
        )
        assert of_default.get("/s/ci-7/_emulator/clock").headers["x-sandbox"] == "ci-7"
        assert of_default.get("/s/ci-7/players").code == "sandbox_mismatch"
        assert of_another.get("/s/ci-7/_emulator/clock").code == "sandbox_mismatch"
        assert of_another.get("/_emulator/clock").headers["x-sandbox"] == "ci-8"


class TestOfAnotherIssuer:
    @pytest.fixture(autouse=True)
    def _trusted(self, _provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TRUSTED_ISSUER", "https://another.test")
        settings.cache_clear()

    def _api(self, **changes: str) -> Gateway:
        return Gateway({**open_session(), "iss": "https://another.test", "generation": "", **changes})

    def test_a_token_opens_the_sandbox_that_the_request_names(self) -> None:
        opened("ci-7")
        for target, headers in (("/s/ci-7/players", {}), ("/players", {"x-sandbox": "ci-7"})):
            answer = self._api().get(target, headers=headers)
            assert (answer.status, answer.headers["x-sandbox"]) == (200, "ci-7")
        assert self._api().get("/players").headers["x-sandbox"] == "default"

    def test_a_token_begins_none(self) -> None:
        assert self._api().get("/s/ci-7/players").code == "sandbox_not_found"

    def test_a_token_that_names_one_itself_opens_no_other(self) -> None:
        opened("ci-7")
        opened("ci-8")
        assert self._api(sandbox="ci-7").get("/players").headers["x-sandbox"] == "ci-7"
        assert self._api(sandbox="ci-7").get("/s/ci-8/players").code == "sandbox_mismatch"
        assert self._api(sandbox="UP").get("/players").code == "invalid_sandbox"


class TestInABrowser:
    QUERY: Final = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }

    @pytest.mark.parametrize(
        "named", [{"scope": "sandbox:ci-7"}, {"scope": "openid sandbox:ci-7"}, {"sandbox": "ci-7"}]
    )
    def test_a_flow_at_the_root_ends_in_the_sandbox_that_it_names(self, named: dict[str, str]) -> None:
        query = urlencode({**self.QUERY, **named})
        browser = UserAgent()
        page = browser.get(f"/auth/authorize?{query}")
        assert page.headers["x-sandbox"] == "ci-7"
        back = browser.follow(browser.login(page))
        code = dict(parse_qsl(urlsplit(back.headers["location"]).query))["code"]
        assert code.startswith("ci-7~")
        fields = {"grant_type": "authorization_code", "client_id": "app", "code": code}
        answer = form("/auth/token", {**fields, "redirect_uri": CALLBACK, "code_verifier": VERIFIER})
        claims = identity.payload(answer.json()["access_token"])
        assert (claims["sandbox"], claims["iss"]) == ("ci-7", identity.ISSUER)
        assert "sandbox" not in answer.json()["scope"]
        assert Gateway(context_of(answer.json()["access_token"])).get("/players").status == 200

    @pytest.mark.parametrize("path", ["/auth/authorize", "/auth/logout"])
    def test_what_disagrees_is_told_on_a_page(self, path: str) -> None:
        for target, headers in (
            (f"/s/ci-7{path}?sandbox=ci-8", {}),
            (f"/s/ci-7{path}", {"x-sandbox": "ci-8"}),
            (f"{path}?scope=sandbox:ci-7&sandbox=ci-8", {}),
            (f"/s/UPPER{path}", {}),
        ):
            answer = Gateway().get(target, headers=headers)
            assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
            assert "x-sandbox" in answer.headers

    def test_a_clients_form_that_names_one_goes_on_in_it(self) -> None:
        answer = form("/auth/authorize", {**self.QUERY, "sandbox": "ci-7"})
        assert (answer.status, answer.headers["x-sandbox"]) == (303, "ci-7")
        assert "sandbox=ci-7" in answer.headers["location"]
        assert form("/s/ci-8/auth/authorize", {**self.QUERY, "sandbox": "ci-7"}).status == 400

    def test_cookies_of_sandboxes_and_the_defaults_live_side_by_side(self) -> None:
        jar: dict[str, str] = {}
        for base in ("", "/s/ci-7", "/s/ci-8"):
            target = f"{base}/auth/authorize?{urlencode({**self.QUERY, 'scope': 'openid'})}"
            page = Gateway().get(target, cookies=jar)
            assert page.status == 200  # whatever cookies of others are sent along
            jar |= dict(cookie.partition(";")[0].split("=", 1) for cookie in page.cookies)
            fields = {**Form(page.text).fields, **PASSWORD, "decision": "sign-in"}
            signed_in = Gateway().post(target, raw=urlencode(fields), headers=FORM, cookies=jar)
            assert signed_in.status == 303
            jar |= dict(cookie.partition(";")[0].split("=", 1) for cookie in signed_in.cookies)
            assert Gateway().get(target, cookies=jar).status == 303
        assert len(jar) == 6
