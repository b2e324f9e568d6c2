"""The discovery documents say what is served, and nothing else."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from routes import ROUTES
from services.identity import public_keys
from services.identity.claims import OPTIONAL
from tests.conftest import ENVIRONMENT
from tests.support import identity
from tests.support.gateway import Answer
from tests.support.user_agent import UserAgent, authorize, sent_back
from tests.unit.identity.conftest import SERVICE, Client

INTROSPECT = "tokens:introspect"
DOCUMENTS = ["openid-configuration", "oauth-authorization-server"]


def _document(client: Client, name: str) -> dict[str, Any]:
    answer = client.get(f"/.well-known/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    document: dict[str, Any] = answer.json()
    return document


def _admitted(answer: Answer) -> bool:
    """Whether the client was let in, whatever became of its request."""
    refused = {"invalid_client", "unauthorized_client"}
    return answer.status == 200 or answer.json()["error"] not in refused


@pytest.mark.parametrize("name", DOCUMENTS)
class TestMetadata:
    def test_the_issuer_is_the_one_in_the_tokens(self, client: Client, name: str) -> None:
        payload = json.loads(identity.decode(client.tokens()["access_token"].split(".")[1]))
        assert _document(client, name)["issuer"] == payload["iss"]

    def test_every_endpoint_is_a_route_of_the_issuer(self, client: Client, name: str) -> None:
        document = _document(client, name)
        served = {route.path for route in ROUTES}
        endpoints = [value for key, value in document.items() if key.endswith(("_endpoint", "_uri"))]
        assert len(endpoints) == (8 if name == "openid-configuration" else 7)
        for endpoint in endpoints:
            assert endpoint.startswith(f"{document['issuer']}/")
            assert urlsplit(endpoint).path in served

    def test_every_scope_can_be_had(self, client: Client, name: str) -> None:
        scopes = _document(client, name)["scopes_supported"]
        of_users = [scope for scope in scopes if scope != INTROSPECT]
        assert client.tokens(scope=" ".join(of_users))["scope"] == " ".join(of_users)
        assert client.granted("client_credentials", basic=SERVICE, scope=INTROSPECT)["scope"] == INTROSPECT
        assert set(scopes) == {*of_users, INTROSPECT}

    def test_every_scope_of_a_route_is_named(self, client: Client, name: str) -> None:
        needed = {route.scope for route in ROUTES if route.scope}
        assert needed <= set(_document(client, name)["scopes_supported"])

    def test_no_grant_is_named_that_the_token_endpoint_refuses(self, client: Client, name: str) -> None:
        grants = {
            "authorization_code": client.redeem(client.code()),
            "refresh_token": client.grant(
                "refresh_token", refresh_token=client.redeem(client.code()).json()["refresh_token"]
            ),
            "client_credentials": client.grant("client_credentials"),
            "password": client.grant("password", username=identity.USERNAME, password=identity.PASSWORD),
        }
        assert {answer.status for answer in grants.values()} == {200}
        assert set(_document(client, name)["grant_types_supported"]) == set(grants)

    @pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
    def test_a_client_authenticates_in_every_way_that_is_named_and_in_no_other(
        self, client: Client, name: str, endpoint: str
    ) -> None:
        document = _document(client, name)
        path = urlsplit(document[f"{endpoint}_endpoint"]).path
        parameters = {"token": "x", "grant_type": "refresh_token", "refresh_token": "x"}
        identity.store_seed(
            identity.seed_entry(),
            registered=[
                identity.client_entry("confidential"),
                identity.client_entry("public", secret_hash=None, scopes=["openid"]),
            ],
        )
        ways = {
            "client_secret_basic": client.form(path, parameters, basic=("confidential", identity.SECRET)),
            "client_secret_post": client.form(
                path, {**parameters, "client_id": "confidential", "client_secret": identity.SECRET}
            ),
            "none": client.form(path, {**parameters, "client_id": "public"}),
        }
        works = {way for way, answer in ways.items() if _admitted(answer)}
        assert set(document[f"{endpoint}_endpoint_auth_methods_supported"]) == works

    def test_an_authorization_is_answered_by_what_is_named(self, client: Client, name: str) -> None:
        document = _document(client, name)
        (response_type,) = document["response_types_supported"]
        (response_mode,) = document["response_modes_supported"]
        (method,) = document["code_challenge_methods_supported"]
        assert urlsplit(document["authorization_endpoint"]).path == authorize().partition("?")[0]
        agent = UserAgent()
        request = {
            "response_type": response_type,
            "response_mode": response_mode,
            "code_challenge_method": method,
        }
        back = sent_back(agent.follow(agent.submit(agent.logged_in(**request), decision="allow")))
        assert back.keys() == {"state", "iss", response_type}
        assert document["authorization_response_iss_parameter_supported"] is True
        assert back["iss"] == document["issuer"]


def test_every_route_that_the_rfcs_have_a_name_for_is_named(client: Client) -> None:
    simple_form, of_one_client = "/auth/refresh", "/auth/register/{client_id}"
    documents = [_document(client, name) for name in DOCUMENTS]
    named = {
        urlsplit(url).path
        for document in documents
        for name, url in document.items()
        if name.endswith("_endpoint")
    }
    served = {route.path for route in ROUTES if route.path.startswith("/auth/")}
    assert named == served - {simple_form, of_one_client}


class TestOpenIDMetadata:
    def test_every_claim_of_userinfo_and_id_token_is_named(self, client: Client) -> None:
        document = _document(client, "openid-configuration")
        claims = client.userinfo(client.tokens()["access_token"]).json()
        id_token = jws.extract_compact(client.redeem(client.code()).json()["id_token"].encode())
        of_some = {"acr", *OPTIONAL}
        assert set(document["claims_supported"]) == {*claims, *json.loads(id_token.payload), *of_some}
        assert document["claims_parameter_supported"] is True
        assert document["acr_values_supported"] == ["1"]
        assert document["subject_types_supported"] == ["public"]

    def test_every_prompt_that_is_named_is_known(self, client: Client) -> None:
        prompts = _document(client, "openid-configuration")["prompt_values_supported"]
        answers = {prompt: UserAgent().get(authorize(prompt=prompt)) for prompt in prompts}
        assert sent_back(answers.pop("none"))["error"] == "login_required"
        assert {answer.status for answer in answers.values()} == {200}

    def test_the_browser_is_logged_out_where_it_says(self, client: Client) -> None:
        document = _document(client, "openid-configuration")
        page = UserAgent().get(document["end_session_endpoint"].removeprefix(document["issuer"]))
        assert "You are signed out" in page.text

    def test_the_algorithm_of_the_id_token_is_named(self, client: Client) -> None:
        id_token = jws.extract_compact(client.tokens()["id_token"].encode())
        document = _document(client, "openid-configuration")
        assert document["id_token_signing_alg_values_supported"] == [id_token.headers()["alg"]]

    def test_every_algorithm_of_the_published_keys_is_named(self, client: Client) -> None:
        identity.store_keys(identity.new_rsa_key("key-2"), identity.KEY)
        document = _document(client, "openid-configuration")
        assert document["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]


class TestKeys:
    def test_a_stranger_can_verify_our_tokens_with_them(self, client: Client) -> None:
        keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").json())
        token = jwt.decode(client.tokens()["access_token"], keys, algorithms=["ES256"])
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": identity.ISSUER},
            aud={"essential": True, "value": identity.AUDIENCE},
            exp={"essential": True},
            sub={"essential": True, "value": identity.SUBJECT},
        )
        registry.validate(token.claims)
        assert token.header == {"alg": "ES256", "typ": "at+jwt", "kid": "key-1"}

    def test_every_key_is_published(self, client: Client) -> None:
        identity.store_keys(identity.new_rsa_key("key-2"), identity.KEY)
        keys = client.get("/.well-known/jwks.json").json()["keys"]
        assert [key["kid"] for key in keys] == ["key-2", "key-1"]
        assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [
            ("RSA", "RS256", "sig"),
            ("EC", "ES256", "sig"),
        ]

    def test_a_key_is_published_before_it_signs_and_until_its_time_is_over(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        times = {"key-1": {"published_until": 2_000_000_000}, "key-2": {"signs_from": 1_999_999_000}}
        identity.store_keys(identity.KEY, identity.new_key("key-2"), times=times)
        for moment, expected in (
            (1_999_998_000.0, ["key-1", "key-2"]),
            (1_999_999_999.9, ["key-1", "key-2"]),
            (2_000_000_000.0, ["key-2"]),
        ):
            monkeypatch.setattr(public_keys, "time", lambda moment=moment: moment)
            keys = client.get("/.well-known/jwks.json").json()["keys"]
            assert [key["kid"] for key in keys] == expected

    def test_nothing_but_the_public_key_is_published_whatever_the_secret_holds(self, client: Client) -> None:
        key = {**identity.KEY.as_dict(private=True), "signs_from": 5, "published_until": 2**40}
        identity.store_secret(ENVIRONMENT["PUBLIC_KEYS_SECRET"], {"keys": [key]})
        (published,) = client.get("/.well-known/jwks.json").json()["keys"]
        assert sorted(published) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
