"""The integrators' guide does what it says: its snippets run as they stand, and what it names is served."""

import json
import re
import runpy
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from argon2 import PasswordHasher

from infrastructure.stack import seeds
from seeding.seeds import Client, Seed
from tests.e2e.conversation import converse
from tests.e2e.guide import snippet, table, text
from tests.e2e.login_page import log_in
from tests.support import node

OPENID_CLIENT = Path(__file__).with_name("openid_client")


@pytest.fixture(autouse=True)
def the_guides_variable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the guide sets before all else."""
    monkeypatch.setenv("API", url)


@pytest.fixture
def metadata(api: httpx.Client) -> dict[str, Any]:
    """What the API says of itself."""
    document: dict[str, Any] = api.get("/.well-known/openid-configuration").json()
    return document


@pytest.fixture(params=["local", "dev"])
def seed(project: Path, request: pytest.FixtureRequest) -> Seed:
    """The users and clients of a stack that the guide tells of."""
    file = project / "infrastructure" / "seeds" / f"{request.param}.yaml"
    return seeds.read_seed(file, audience="psn-emulator-api", defaults_allowed=True)


def written(name: str, folder: Path) -> Path:
    """The file of a snippet."""
    file = folder / name
    file.write_text(snippet(name), encoding="utf-8")
    return file


def test_the_flask_application_logs_a_user_in(tmp_path: Path) -> None:
    app = runpy.run_path(str(written("app.py", tmp_path)), run_name="app")["app"]
    browser = app.test_client()
    assert browser.get("/").location == "/login"
    callback = log_in(browser.get("/login").location)
    assert browser.get(callback).location == "/"
    assert browser.get("/").text == "Hello Test User"


def test_the_flask_application_says_so_when_the_user_said_no(tmp_path: Path) -> None:
    app = runpy.run_path(str(written("app.py", tmp_path)), run_name="app")["app"]
    browser = app.test_client()
    callback = log_in(f"{browser.get('/login').location}&prompt=consent", consent="deny")
    refused = browser.get(callback)
    assert (refused.status_code, refused.text) == (403, "You are not logged in.")


def test_the_backend_calls_in_its_own_name_and_in_a_users(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, written("backend.py", tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout.split("\n") == ["200", "Test User", ""], run.stderr


def test_the_script_of_requests_oauthlib_logs_a_user_in(tmp_path: Path) -> None:
    assert converse([sys.executable, written("login.py", tmp_path)], tmp_path)[-1] == "Test User"


def test_the_script_of_openid_client_logs_a_user_in(tmp_path: Path) -> None:
    command = [node.NODE, written("login.mjs", node.installed(OPENID_CLIENT, tmp_path))]
    assert converse(command, tmp_path)[-1] == "Test User"


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("with_pyjwt.py", "Audience doesn't match"), ("with_joserfc.py", "This is no access token")],
)
def test_the_resource_servers_take_access_tokens_and_no_id_tokens(
    tokens: dict[str, Any], tmp_path: Path, name: str, refusal: str
) -> None:
    claims_of = runpy.run_path(str(written(name, tmp_path)))["claims_of"]
    assert claims_of(tokens["access_token"])["sub"]
    with pytest.raises(Exception, match=refusal):
        claims_of(tokens["id_token"])


def test_each_token_that_is_no_good_is_answered_as_told() -> None:
    script = snippet("answers.sh")
    run = subprocess.run(
        ["sh"],
        input=script,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout.split() == re.findall(r"# (\d{3})", script), run.stderr


def test_the_endpoints_are_those_that_are_served(metadata: dict[str, Any]) -> None:
    served = {
        name: value
        for name, value in metadata.items()
        if name in {"issuer", "jwks_uri"} or name.endswith("_endpoint")
    }
    assert {name: metadata["issuer"] + path for name, path, _ in table("endpoint")} == served


def test_the_scopes_are_those_that_are_served(metadata: dict[str, Any]) -> None:
    assert [scope for scope, _ in table("scope")] == metadata["scopes_supported"]


def test_the_clients_are_those_of_the_seed(seed: Seed, request: pytest.FixtureRequest) -> None:
    stack = request.node.callspec.params["seed"]
    rows = table("client")
    told = {name: (secret, grants) for name, secret, grants, stacks in rows if stack in stacks.split(", ")}
    assert told.keys() == {client.client_id for client in seed.clients}
    for client in seed.clients:
        secret, grants = told[client.client_id]
        assert grants.split(", ") == list(client.grant_types)
        assert bool(secret) == bool(client.secret_hash)
        assert client.secret_hash is None or PasswordHasher().verify(client.secret_hash, secret)


def test_the_users_are_those_of_the_seed(seed: Seed, request: pytest.FixtureRequest) -> None:
    stack = request.node.callspec.params["seed"]
    told = {name: password for name, password, stacks in table("user") if stack in stacks.split(", ")}
    assert told.keys() == {user.username for user in seed.users}
    for user in seed.users:
        assert PasswordHasher().verify(user.password_hash, told[user.username])


def client(seed: Seed, client_id: str) -> Client:
    """The client ``client_id``."""
    [found] = [client for client in seed.clients if client.client_id == client_id]
    return found


def test_springs_settings_are_those_of_a_public_client(seed: Seed, metadata: dict[str, Any]) -> None:
    oauth2 = yaml.safe_load(snippet("application.yaml"))["spring"]["security"]["oauth2"]
    [(provider_id, provider)] = oauth2["client"]["provider"].items()
    [(registration_id, registration)] = oauth2["client"]["registration"].items()
    chosen = client(seed, registration["client-id"])
    assert registration_id == provider_id
    assert chosen.secret_hash is None
    assert registration["client-authentication-method"] in metadata["token_endpoint_auth_methods_supported"]
    assert registration["authorization-grant-type"] in chosen.grant_types
    assert registration["redirect-uri"] in chosen.redirect_uris
    assert set(registration["scope"].split(", ")) <= set(chosen.scopes)
    assert provider["user-name-attribute"] in metadata["claims_supported"]
    assert {provider["issuer-uri"], oauth2["resourceserver"]["jwt"]["issuer-uri"]} == {"${API}"}


def test_springs_resource_server_wants_what_the_tokens_have(
    api: httpx.Client, metadata: dict[str, Any], tokens: dict[str, Any]
) -> None:
    jwt = yaml.safe_load(snippet("application.yaml"))["spring"]["security"]["oauth2"]["resourceserver"]["jwt"]
    service = ("demo-service", "demo-service-secret")
    told = api.post("/auth/introspect", data={"token": tokens["access_token"]}, auth=service).json()
    assert jwt["audiences"] == told["aud"]
    header = json.loads(b64decode(f"{tokens['access_token'].partition('.')[0]}=="))
    assert re.findall(r"SignatureAlgorithm\.(\w+)", text()) == [header["alg"]]
    assert header["alg"] in metadata["id_token_signing_alg_values_supported"]
    assert set(re.findall(r'"SCOPE_([\w:]+)"', text())) <= set(told["scope"].split())


def test_postmans_settings_are_those_of_a_public_client(seed: Seed, metadata: dict[str, Any]) -> None:
    told = {field: value.replace("{{API}}", metadata["issuer"]) for field, value in table("field")}
    chosen = client(seed, told["Client ID"])
    assert (chosen.secret_hash, told["Client Secret"]) == (None, "")
    assert told["Auth URL"] == metadata["authorization_endpoint"]
    assert {told["Access Token URL"], told["Refresh Token URL"]} == {metadata["token_endpoint"]}
    assert told["Callback URL"] in chosen.redirect_uris
    assert told["Code Challenge Method"] in metadata["code_challenge_methods_supported"]
    assert set(told["Scope"].split()) <= set(chosen.scopes)
