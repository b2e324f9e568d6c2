"""What a request names beyond its scope: claims, the class of the login, resources, the ID token's algorithm."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from services.identity import access_token_verifier
from services.identity.access_token_verifier import TokenRefusedError
from tests.support import identity
from tests.support.user_agent import CALLBACK, VERIFIER, UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import SERVICE, Client

RESOURCE = "https://game.test/api"
ADDRESS = {"locality": "Kyoto", "country": "JP"}
MORE = {
    "given_name": "Test",
    "locale": "ja-JP",
    "birthdate": "1999-12-31",
    "updated_at": 1_700_000_000,
    "address": {**ADDRESS, "region": None},
    "phone_number": "+81 75 000 0000",
    "phone_number_verified": False,
}


@pytest.fixture(autouse=True)
def _user_with_claims(provider: None) -> None:
    """The default user with more claims, and ``app`` with a resource and no consent."""
    _register()


def _register(**changes: Any) -> None:
    entry = app(**{"consent": False, "resources": [RESOURCE], **changes})
    identity.store_seed(identity.seed_entry(**MORE), registered=[*identity.clients(), entry])


def _tokens(client: Client, *resources: str, **changes: Any) -> dict[str, Any]:
    """The tokens of the code flow of ``app`` for an authorization request with ``changes``."""
    page = UserAgent().logged_in(**changes)
    return _redeemed(client, sent_back(page)["code"], *resources).json()  # type: ignore[no-any-return]


def _redeemed(client: Client, code: str, *resources: str) -> Any:
    form = [
        *{"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}.items(),
        *{"code_verifier": VERIFIER, "client_id": "app"}.items(),
        *(("resource", resource) for resource in resources),
    ]
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return client.post("/auth/token", raw=urlencode(form), headers=headers)


def _refreshed(client: Client, tokens: dict[str, Any], **changes: str) -> Any:
    form = {"refresh_token": tokens["refresh_token"], "client_id": "app", **changes}
    return client.grant("refresh_token", basic=None, **form)


def _error(**changes: Any) -> str:
    return sent_back(UserAgent().get(authorize(**changes)))["error"]


class TestScopes:
    def test_address_and_phone_give_what_the_user_has(self, client: Client) -> None:
        told = client.userinfo(client.tokens(scope="openid address phone")["access_token"]).json()
        assert told.pop("sub") == identity.SUBJECT
        phone = {name: MORE[name] for name in ("phone_number", "phone_number_verified")}
        assert told == {"address": ADDRESS, **phone}

    def test_profile_gives_the_other_claims_of_it_too(self, client: Client) -> None:
        told = client.userinfo(client.tokens(scope="openid profile")["access_token"]).json()
        given = {name: MORE[name] for name in ("given_name", "locale", "birthdate", "updated_at")}
        assert told.items() >= given.items()
        assert "nickname" not in told


class TestTheClaimsParameter:
    def test_names_claims_of_either_and_holds_after_a_refresh(self, client: Client) -> None:
        asked = {
            "id_token": {"email": {"essential": True}, "nickname": None},
            "userinfo": {"phone_number": None},
        }
        tokens = _tokens(client, scope="openid", claims=json.dumps(asked))
        for answer in (tokens, _refreshed(client, tokens).json()):
            id_claims = identity.payload(answer["id_token"])
            assert id_claims["email"] == "testuser@example.test"
            assert not {"nickname", "name", "phone_number"} & id_claims.keys()
            told = client.userinfo(answer["access_token"]).json()
            assert told == {"sub": identity.SUBJECT, "phone_number": MORE["phone_number"]}

    def test_of_another_value_gives_none(self, client: Client) -> None:
        asked = {"userinfo": {"locale": {"value": "en"}, "given_name": {"values": ["Test", "X"]}}}
        tokens = _tokens(client, scope="openid", claims=json.dumps(asked))
        told = client.userinfo(tokens["access_token"]).json()
        assert told == {"sub": identity.SUBJECT, "given_name": "Test"}

    def test_gives_nothing_whose_scope_the_client_may_not_have(self, client: Client) -> None:
        _register(scopes=["openid"])
        asked = {"userinfo": {"email": None}, "id_token": {"email": None}}
        tokens = _tokens(client, scope="openid", claims=json.dumps(asked))
        assert client.userinfo(tokens["access_token"]).json() == {"sub": identity.SUBJECT}
        assert "email" not in identity.payload(tokens["id_token"])

    def test_is_what_the_user_is_asked_about(self) -> None:
        _register(consent=True)
        asked = json.dumps({"userinfo": {"email": None}})
        agent = UserAgent()
        page = agent.logged_in(scope="openid", claims=asked)
        assert "See your e-mail address" in page.text
        assert "code" in sent_back(agent.follow(agent.submit(page, decision="allow")))
        assert (
            "Allow App?"
            in agent.get(
                authorize(scope="openid", claims=json.dumps({"userinfo": {"phone_number": None}}))
            ).text
        )

    def test_with_the_subject_of_another_user_is_not_served(self) -> None:
        agent = UserAgent()
        assert "code" in sent_back(agent.logged_in())
        asked = {"id_token": {"sub": {"value": "somebody"}}}
        assert sent_back(agent.get(authorize(claims=json.dumps(asked))))["error"] == "login_required"

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "[]",
            '{"id_token": 1}',
            '{"userinfo": {"email": true}}',
            '{"userinfo": {"email": {"essential": 1}}}',
            '{"userinfo": {"email": {"values": "x"}}}',
            '{"userinfo": {"email": {"value": 1.5}}}',
        ],
    )
    def test_of_another_form_is_invalid(self, text: str) -> None:
        assert _error(claims=text) == "invalid_request"


class TestTheClassOfTheLogin:
    def test_is_told_when_it_is_asked_for(self, client: Client) -> None:
        assert identity.payload(_tokens(client, acr_values="9 1")["id_token"])["acr"] == "1"
        assert "acr" not in identity.payload(_tokens(client)["id_token"])
        assert "acr" not in identity.payload(_tokens(client, acr_values="9")["id_token"])

    def test_that_is_essential_and_not_offered_is_an_error(self, client: Client) -> None:
        asked = {"id_token": {"acr": {"essential": True, "values": ["9"]}}}
        assert _error(claims=json.dumps(asked)) == "unmet_authentication_requirements"
        asked["id_token"]["acr"]["essential"] = False
        assert "acr" not in identity.payload(_tokens(client, claims=json.dumps(asked))["id_token"])


@pytest.mark.parametrize(
    "changes",
    [
        {"display": "wap"},
        {"ui_locales": "ja en"},
        {"claims_locales": "ja"},
        {"acr_values": "9"},
        {"display": "x"},
    ],
)
def test_a_parameter_that_may_be_ignored_is(client: Client, changes: dict[str, str]) -> None:
    assert "id_token" in _tokens(client, **changes)


class TestResources:
    def test_are_the_audience(self, client: Client) -> None:
        access = identity.payload(_tokens(client, resource=RESOURCE)["access_token"])
        assert access["aud"] == RESOURCE

    def test_several_are_a_list_and_may_be_narrowed(self, client: Client) -> None:
        query = f"{authorize()}&{urlencode([('resource', RESOURCE), ('resource', identity.ISSUER)])}"
        agent = UserAgent()
        agent.logged_in()
        both = _redeemed(client, sent_back(agent.get(query))["code"]).json()
        assert identity.payload(both["access_token"])["aud"] == [RESOURCE, identity.AUDIENCE]
        one = _refreshed(client, both, resource=RESOURCE).json()
        assert identity.payload(one["access_token"])["aud"] == RESOURCE
        again = _refreshed(client, one).json()
        assert identity.payload(again["access_token"])["aud"] == [RESOURCE, identity.AUDIENCE]

    def test_that_nobody_knows_or_that_were_not_granted_are_refused(self, client: Client) -> None:
        assert _error(resource="https://other.test") == "invalid_target"
        answer = client.grant("client_credentials", resource="https://other.test")
        assert (answer.status, answer.json()["error"]) == (400, "invalid_target")
        code = sent_back(UserAgent().logged_in())["code"]
        assert _redeemed(client, code, RESOURCE).json()["error"] == "invalid_target"

    def test_other_than_the_api_open_none_of_its_routes_but_are_told_of(self, client: Client) -> None:
        token = _tokens(client, resource=RESOURCE)["access_token"]
        with pytest.raises(TokenRefusedError, match="audience"):
            access_token_verifier.verifier().verify(token)
        assert client.userinfo(token).status == 401
        told = client.form("/auth/introspect", {"token": token}, basic=SERVICE).json()
        assert (told["active"], told["aud"]) == (True, RESOURCE)


class TestTheAlgorithmOfTheIDToken:
    def test_is_the_clients(self, client: Client) -> None:
        identity.store_keys(identity.KEY, identity.RSA_KEY, times=identity.FOR_ID_TOKENS)
        _register(id_token_signed_response_alg="RS256")
        tokens = _tokens(client)
        keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").json())
        for answer in (tokens, _refreshed(client, tokens).json()):
            assert jwt.decode(answer["id_token"], keys, algorithms=["RS256"]).header["kid"] == "key-rsa"
            assert jwt.decode(answer["access_token"], keys, algorithms=["ES256"]).header["kid"] == "key-1"
        document = client.get("/.well-known/openid-configuration").json()
        assert document["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]

    def test_of_who_does_not_ask_is_that_of_access_tokens(self, client: Client) -> None:
        times = {"key-rsa": {"signs": "id_token", "signs_from": 5}}
        identity.store_keys(identity.KEY, identity.RSA_KEY, times=times)
        _register()
        assert b'"alg":"ES256"' in identity.decode(_tokens(client)["id_token"].split(".")[0])
