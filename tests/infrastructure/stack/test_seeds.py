"""The users and clients of a seed file: which are refused, and where the defaults are."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

import account_rules
from account_rules import OWN_CLIENTS
from infrastructure.errors import DeployError
from infrastructure.stack import seeds
from infrastructure.stack.loading import load_seed, load_settings
from infrastructure.tools import paths
from routes import SCOPES
from services.identity.seed import FIRST_PARTY_CLIENT, console_client, docs_client
from tests.infrastructure.conftest import (
    HASH_OF_ANOTHER_PASSWORD,
    HASH_OF_PASSWORD123,
    WriteSeed,
    WriteStack,
    a_client,
    a_user,
)
from utils.sandbox import DEFAULT

pytestmark = pytest.mark.usefixtures("every_stack")


def _refusal(stack: str = "dev") -> str:
    with pytest.raises(DeployError) as refused:
        load_seed(load_settings(stack))
    assert "$argon2" not in refused.value.cause
    return refused.value.cause


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://client.example",
        "https://client.example:8443/callback?tenant=1",
        "http://localhost:8080/callback",
        "http://127.0.0.1/callback",
        "http://[::1]:3000/",
        "https://partner_gateway:8443/callback",
        "com.example.game:/callback",
        "com.example.game://login/callback?a=b",
        "http://game-server:3000/callback",
        "http://game_server/callback",
        "http://host.docker.internal:3000/callback",
    ],
)
def test_a_redirect_uri_is_https_on_the_loopback_interface_in_ones_network_or_of_a_private_scheme(
    write_seed: WriteSeed, redirect_uri: str
) -> None:
    write_seed("dev", clients=[a_client("game", redirect_uris=[redirect_uri])])
    assert load_seed(load_settings("dev")).clients[0].redirect_uris == (redirect_uri,)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "callback",
        "/callback",
        "//client.example/callback",
        "http://client.example/callback",
        "http://localhost.client.example/callback",
        "http://localhost@client.example/callback",
        "https://user@client.example/callback",
        "https://client.example/callback#fragment",
        "https://client.example/call back",
        "https://client.example/call\nback",
        "https://client.example\\callback",
        "https://*/callback",
        "https:///callback",
        "javascript:alert(1)",
        "java.script:alert(1)",
        "game:/callback",
        "data:text/html,x",
        "HTTPS://client.example/callback",
    ],
)
@pytest.mark.parametrize("member", ["redirect_uris", "post_logout_redirect_uris"])
def test_any_other_is_refused(write_seed: WriteSeed, member: str, redirect_uri: str) -> None:
    write_seed("dev", clients=[a_client("game", **{member: [redirect_uri]})])
    assert f"clients.0.{member}.0" in _refusal()


@pytest.mark.parametrize(
    "redirect_uri", ["http://game-server:3000/callback", "http://host.docker.internal/callback"]
)
def test_http_in_ones_network_is_for_local_and_dev(write_seed: WriteSeed, redirect_uri: str) -> None:
    write_seed("staging", clients=[a_client("game", redirect_uris=[redirect_uri])])
    assert "clients.0.redirect_uris.0" in _refusal("staging")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"client_id": "psn-emulator"}, "psn-emulator is a client of the emulator's own"),
        ({"client_id": "a game"}, "clients.0.client_id"),
        ({"client_id": ""}, "clients.0.client_id"),
        ({"secret_hash": "secret"}, "clients.0.secret_hash"),
        ({"secret": "secret"}, "clients.0.secret"),
        ({"grant_types": []}, "clients.0.grant_types"),
        ({"grant_types": ["implicit"]}, "clients.0.grant_types.0"),
        ({"scopes": []}, "clients.0.scopes"),
        ({"scopes": ["playrs:read"]}, "clients.0.scopes: should be of openid, profile"),
        ({"redirect_uris": []}, "redirect_uris and the grant authorization_code go together"),
        ({"grant_types": ["password"]}, "redirect_uris and the grant authorization_code go together"),
        (
            {"grant_types": ["refresh_token"], "redirect_uris": []},
            "the grant refresh_token needs another before it",
        ),
        (
            {"grant_types": ["client_credentials"], "redirect_uris": [], "secret_hash": None},
            "the grant client_credentials needs a secret",
        ),
        (
            {"scopes": ["tokens:introspect"], "secret_hash": None},
            "the scope tokens:introspect needs a secret",
        ),
    ],
)
def test_a_client_that_cannot_be_is_refused(
    write_seed: WriteSeed, changes: dict[str, object], fault: str
) -> None:
    write_seed("dev", clients=[a_client("game") | changes])
    assert fault in _refusal()


def test_two_clients_of_one_id_are_refused(write_seed: WriteSeed) -> None:
    write_seed("dev", clients=[a_client("game"), a_client("game")])
    assert "two clients have the same client_id" in _refusal()


@pytest.mark.parametrize("audience", [*OWN_CLIENTS, "game"])
def test_an_audience_that_is_also_a_clients_is_refused(write_seed: WriteSeed, audience: str) -> None:
    write_seed("dev", clients=[a_client("game")])
    with pytest.raises(DeployError, match="its ID tokens would pass for access tokens"):
        load_seed(load_settings("dev").model_copy(update={"audience": audience}))


def test_a_client_that_could_pass_for_a_user_is_refused(write_seed: WriteSeed) -> None:
    user = a_user("jane", HASH_OF_ANOTHER_PASSWORD)
    write_seed("dev", user, clients=[a_client(str(user["subject"]))])
    assert "a client has a user's subject for its client_id" in _refusal()


@pytest.mark.parametrize("stack", ["staging", "prod"])
class TestDefaults:
    @pytest.mark.parametrize("client_id", account_rules.DEFAULT_CLIENTS)
    def test_the_default_clients_are_refused(self, write_seed: WriteSeed, stack: str, client_id: str) -> None:
        write_seed(stack, clients=[a_client(client_id)])
        assert f"{client_id!r} is a default client" in _refusal(stack)

    @pytest.mark.parametrize("secret", account_rules.DEFAULT_SECRETS)
    def test_the_default_secrets_are_refused(self, write_seed: WriteSeed, stack: str, secret: str) -> None:
        secret_hash = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(secret)
        write_seed(stack, clients=[a_client("game", secret_hash=secret_hash)])
        assert "'game' has a default secret" in _refusal(stack)

    def test_others_are_welcome(self, write_seed: WriteSeed, stack: str) -> None:
        write_seed(stack, clients=[a_client("game"), a_client("app", secret_hash=None)])
        assert [client.client_id for client in load_seed(load_settings(stack)).clients] == ["game", "app"]


@pytest.mark.parametrize("stack", ["staging", "prod"])
@pytest.mark.parametrize(
    ("username", "password_hash"),
    [
        ("testuser", HASH_OF_ANOTHER_PASSWORD),
        ("TestUser", HASH_OF_ANOTHER_PASSWORD),
        ("jane", HASH_OF_PASSWORD123),
    ],
)
def test_the_default_user_and_password_are_refused_on_staging_and_prod(
    write_seed: WriteSeed, stack: str, username: str, password_hash: str
) -> None:
    write_seed(stack, a_user(username, password_hash))
    assert username in _refusal(stack)


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_no_password_is_documented_on_staging_and_prod(write_seed: WriteSeed, stack: str) -> None:
    write_seed(stack, a_user("jane", HASH_OF_ANOTHER_PASSWORD) | {"documented_password": "for everybody"})
    assert "'jane' has a documented password" in _refusal(stack)


def test_a_user_of_ones_own_is_welcome_on_prod(write_seed: WriteSeed) -> None:
    write_seed("prod", a_user("jane", HASH_OF_ANOTHER_PASSWORD))
    assert load_seed(load_settings("prod")).users[0].username == "jane"


def test_a_missing_seed_file_is_named_with_its_key(write_stack: WriteStack) -> None:
    write_stack("prod", architecture="arm64", seed_file="other.yaml")
    settings = load_settings("prod")
    with pytest.raises(DeployError) as refused:
        load_seed(settings)
    assert "other.yaml" in refused.value.cause
    assert "psn-emulator:seed_file" in refused.value.remedy


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"password_hash": "password123"}, "users.0.password_hash"),
        ({"password_hash": "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaA"}, "users.0.password_hash"),
        (
            {"password_hash": "$argon2id$v=19$m=1048576,t=2,p=1$c2FsdHNhbHQ$aGFzaA"},
            "more than a function has",
        ),
        ({"password_hash": "$argon2id$v=19$m=19456,t=11,p=1$c2FsdHNhbHQ$aGFzaA"}, "more than a function has"),
        ({"password_hash": "$argon2id$v=19$m=19456,t=2,p=17$c2FsdHNhbHQ$aGFzaA"}, "more than a function has"),
        ({"password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA000"}, "is cut off"),
        ({"subject": "me"}, "users.0.subject"),
        ({"email": "nowhere"}, "users.0.email"),
        ({"admin": True}, "users.0.admin"),
    ],
)
def test_a_seed_that_is_not_of_the_form_is_refused_without_showing_its_hashes(
    write_seed: WriteSeed, change: dict[str, object], fault: str
) -> None:
    write_seed("dev", a_user("jane", HASH_OF_ANOTHER_PASSWORD) | change)
    with pytest.raises(DeployError) as refused:
        load_seed(load_settings("dev"))
    assert fault in refused.value.cause
    assert "$argon2" not in refused.value.cause


def test_two_users_of_one_name_are_refused(write_seed: WriteSeed) -> None:
    jane = a_user("jane", HASH_OF_ANOTHER_PASSWORD)
    write_seed("dev", jane, a_user("JANE", HASH_OF_ANOTHER_PASSWORD))
    with pytest.raises(DeployError, match="two users have the same username"):
        load_seed(load_settings("dev"))


def test_a_seed_that_is_not_yaml_is_refused(stacks: Path) -> None:
    (stacks / "seeds" / "dev.yaml").write_text("users: [")
    with pytest.raises(DeployError, match=r"seed file dev\.yaml is wrong"):
        load_seed(load_settings("dev"))


def test_a_hash_that_several_have_is_checked_once(
    write_seed: WriteSeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def is_default(password_hash: str) -> bool:
        checked.append(password_hash)
        return False

    monkeypatch.setattr(seeds, "_is_default", is_default)
    jane = a_user("jane", HASH_OF_ANOTHER_PASSWORD)
    joe = a_user("joe", HASH_OF_ANOTHER_PASSWORD) | {"subject": "0190f3c4-5a00-7000-8000-000000000002"}
    write_seed("prod", jane, joe, clients=[a_client("game"), a_client("app")])
    load_seed(load_settings("prod"))
    assert checked == [HASH_OF_ANOTHER_PASSWORD]


def test_the_clients_that_need_no_seed_are_those_that_the_application_has(environment: None) -> None:
    own = (FIRST_PARTY_CLIENT, docs_client(DEFAULT), console_client(DEFAULT))
    assert tuple(client.client_id for client in own) == OWN_CLIENTS


@pytest.mark.parametrize("name", ["local", "dev"])
def test_the_committed_seeds_have_the_default_clients_and_no_unknown_scope(name: str) -> None:
    committed = seeds.read_seed(
        paths.ROOT / "infrastructure" / "seeds" / f"{name}.yaml",
        audience="psn-emulator-api",
        defaults_allowed=True,
    )
    only_local = {"demo-admin"} if name == "dev" else set()
    ids = tuple(client.client_id for client in committed.clients)
    assert ids == tuple(one for one in account_rules.DEFAULT_CLIENTS if one not in only_local)
    named = {scope for user in committed.users for scope in user.scopes}
    named |= {scope for client in committed.clients for scope in client.scopes}
    assert named <= set(SCOPES)
    for user in committed.users:
        assert PasswordHasher().verify(user.password_hash, user.documented_password or "")


@pytest.mark.parametrize(
    "extra_claims",
    [
        {"sub": "x"},
        {"generation": "1"},
        {"nonce": "n"},
        {"email": "x@mail.test"},
        {"password_hash": "x"},
        {"long": "x" * 1024},
        {"number": float("nan")},
    ],
)
def test_extra_claims_that_cannot_be_are_refused(
    write_seed: WriteSeed, extra_claims: dict[str, object]
) -> None:
    write_seed("dev", {**a_user("jane", HASH_OF_ANOTHER_PASSWORD), "extra_claims": extra_claims})
    assert "extra_claims" in _refusal()
    write_seed("dev", clients=[a_client("game", extra_claims=extra_claims)])
    assert "extra_claims" in _refusal()


def test_a_client_has_claims_an_audience_and_lifetimes_of_its_own(write_seed: WriteSeed) -> None:
    given = {"extra_claims": {"tier": 1}, "access_token_seconds": 60, "refresh_token_seconds": 90}
    write_seed("dev", clients=[a_client("game", audience="https://game.example", **given)])
    [client] = load_seed(load_settings("dev")).clients
    assert client.model_dump(include=set(given)) == given
    assert client.audience == ("https://game.example",)


@pytest.mark.parametrize(
    "given", [{"access_token_seconds": 59}, {"refresh_token_seconds": 365 * 86400 + 1}, {"audience": [""]}]
)
def test_lifetimes_and_audiences_that_cannot_be_are_refused(
    write_seed: WriteSeed, given: dict[str, object]
) -> None:
    write_seed("dev", clients=[a_client("game", **given)])
    assert next(iter(given)) in _refusal()


def test_a_clients_audience_that_is_a_clients_id_is_refused(write_seed: WriteSeed) -> None:
    write_seed("dev", clients=[a_client("game", audience=["other"]), a_client("other")])
    assert "is a client's id" in _refusal()
