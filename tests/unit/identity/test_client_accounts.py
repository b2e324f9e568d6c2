"""Clients of a sandbox at run time: what they may, what a change ends, and who else notices."""

from typing import Any

import pytest

from models.account_bodies import AddressBody, ClientBody, UserBody
from seeding import seeds
from services.sandboxes.opening import begin, opened
from tests.support import identity
from tests.support.gateway import Answer
from tests.support.user_agent import CALLBACK, UserAgent, authorize, sent_back
from tests.unit.identity.conftest import BASIC, Client
from tests.unit.identity.test_user_accounts import BODY as USER
from tests.unit.identity.test_user_accounts import admin, players
from utils import table
from utils.sandbox import DEFAULT, sandbox_key

BODY: dict[str, Any] = {
    "name": "Scores",
    "secret": "scores-secret",
    "grant_types": ["client_credentials", "password", "refresh_token"],
    "scopes": ["openid", "players:read", "players:write", "tokens:introspect"],
}
WEAK = f"$argon2id$v=19$m=19455,t=2,p=1${'A' * 22}${'A' * 43}"
SCORES = ("scores", "scores-secret")
PATH = "/_emulator/clients/scores"

pytestmark = pytest.mark.usefixtures("provider")


def tokens_of_a_user(client: Client) -> Any:
    """What the client is granted for the default user."""
    return client.granted("password", basic=SCORES, username=identity.USERNAME, password=identity.PASSWORD)


def test_a_registered_client_is_read_and_asks_for_tokens(client: Client) -> None:
    answer = admin().put(PATH, BODY)
    assert answer.status == 201
    assert (answer.data["origin"], answer.data["is_public"]) == ("registered", False)
    assert "hash" not in answer.text
    assert admin().get(PATH).data == answer.data
    assert players(client.granted("client_credentials", basic=SCORES, scope="players:read")) == 200


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"secret": "another"}, True),
        ({"scopes": ["openid", "players:read"]}, True),
        ({"grant_types": ["client_credentials"]}, True),
        ({"name": "Renamed", "scopes": [*BODY["scopes"], "email"]}, False),
    ],
)
def test_what_is_taken_away_ends_tokens_at_once_and_what_is_added_none(
    client: Client, change: Any, ends: bool
) -> None:
    admin().put(PATH, BODY)
    own = client.granted("client_credentials", basic=SCORES, scope="players:read")
    of_user = tokens_of_a_user(client)
    assert admin().put(PATH, BODY | change).status == 200
    assert players(own) == players(of_user) == (401 if ends else 200)
    if ends:
        admin().put(PATH, BODY)
        assert players(own) == players(of_user) == 401, "what has ended does not come back"


def test_a_deleted_client_is_gone_with_its_tokens(client: Client) -> None:
    admin().put(PATH, BODY)
    of_user = tokens_of_a_user(client)
    of_seed = client.granted("password", username=identity.USERNAME, password=identity.PASSWORD)
    for path, tokens in ((PATH, of_user), (f"/_emulator/clients/{identity.BACKEND}", of_seed)):
        assert players(tokens) == 200
        assert admin().delete(path).status == 204
        assert players(tokens) == 401
        assert admin().get(path).code == "account_not_found"
        assert admin().delete(path).code == "account_not_found"
    for basic in (SCORES, BASIC):
        assert client.grant("client_credentials", basic=basic).status == 401


def test_a_client_is_of_one_sandbox_and_of_one_generation(client: Client) -> None:
    sandbox = opened("ci-7")
    admin(sandbox).put(f"/s/ci-7{PATH}", BODY)
    form = {"grant_type": "client_credentials", "scope": "players:read"}
    tokens = client.form("/s/ci-7/auth/token", form, basic=SCORES).json()
    assert players(tokens, "/s/ci-7") == 200
    assert client.form("/auth/token", form, basic=SCORES).status == 401
    assert client.form("/s/ci-8/auth/token", form, basic=SCORES).status == 401
    begin("ci-7", table.get(sandbox_key("ci-7")), {"ends_at": sandbox.ends_at})
    assert client.form("/s/ci-7/auth/token", form, basic=SCORES).status == 401
    assert players(tokens, "/s/ci-7") == 401


def test_the_list_has_the_seeds_and_the_registered() -> None:
    admin().put(PATH, BODY)
    admin().delete(f"/_emulator/clients/{identity.WEB}")
    listed = [(one["client_id"], one["origin"]) for one in admin().get("/_emulator/clients").json()["data"]]
    assert listed == [("app", "seed"), ("backend", "seed"), ("scores", "registered"), ("service", "seed")]


def test_ids_of_others_are_refused() -> None:
    for client_id in ("psn-emulator", "psn-emulator-docs", identity.AUDIENCE, identity.SUBJECT):
        assert admin().put(f"/_emulator/clients/{client_id}", BODY).code == "account_conflict"
    assert admin().delete("/_emulator/clients/psn-emulator").code == "account_conflict"
    assert admin().put("/_emulator/clients/a b", BODY).code == "validation_error"


def test_an_id_that_is_the_audience_of_a_clients_tokens_is_refused_until_that_client_is_gone() -> None:
    of_seed = identity.client_entry("of-seed", audience=["stats"], grant_types=["password"])
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), of_seed])
    admin().put(PATH, BODY | {"audience": "ledger"})
    for client_id, audience_of in (("ledger", "scores"), ("stats", "of-seed")):
        refused = admin().put(f"/_emulator/clients/{client_id}", BODY)
        assert (refused.status, refused.code) == (409, "account_conflict")
        assert admin().delete(f"/_emulator/clients/{audience_of}").status == 204
        assert admin().put(f"/_emulator/clients/{client_id}", BODY).status == 201
    assert admin().put(PATH, BODY | {"audience": "ledger"}).code == "account_conflict"


@pytest.mark.parametrize(
    "change",
    [
        {"secret_hash": "x"},
        {"secret": None, "secret_hash": WEAK},
        {"secret": None},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["implicit"]},
        {"redirect_uris": ["https://client.test/callback"]},
        {"grant_types": ["authorization_code"], "redirect_uris": ["http://client.test/callback"]},
        {"scopes": []},
        {"scopes": ["playrs:read"]},
    ],
)
def test_a_body_against_the_rules_is_refused(change: Any) -> None:
    assert admin().put(PATH, BODY | change).code == "validation_error"


def test_hosts_of_ones_own_network_are_let_in_on_local_and_dev_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    body = BODY | {"grant_types": ["authorization_code"], "redirect_uris": ["http://host.docker.internal:8/"]}
    assert admin().put(PATH, body).status == 201
    monkeypatch.setenv("ENVIRONMENT", "staging")
    identity.forget()
    assert admin().put(PATH, body).code == "validation_error"


def test_every_entry_is_counted_once_and_every_change_in_the_sandboxs_item() -> None:
    for send in (admin().put, admin().put, lambda path, _: admin().delete(path), admin().put):
        send(PATH, BODY)
    admin().delete(f"/_emulator/clients/{identity.WEB}")
    item = table.get(sandbox_key(DEFAULT.name)) or {}
    assert (item["accounts"], item["serial"]) == (2, 5)


@pytest.mark.parametrize(
    ("body", "entry"),
    [(UserBody, seeds.User), (ClientBody, seeds.Client), (AddressBody, seeds.Address)],
)
def test_bodies_have_the_rules_of_a_seeds_entries(body: Any, entry: Any) -> None:
    """By name, default, pattern and bounds; what a path or a plain secret gives instead is apart, what a file says
    of every user, and the password that it documents."""
    of_every_user = {"email_verified", "name", "scopes"} if body is UserBody else set()
    apart = {
        "username",
        "client_id",
        "subject",
        "password",
        "password_hash",
        "secret",
        "scopes",
        "redirect_uris",
    }
    mine, theirs = body.model_json_schema()["properties"], entry.model_json_schema()["properties"]
    assert set(mine) - {"password", "secret"} == set(theirs) - {
        "username",
        "client_id",
        "documented_password",
    }
    rules = ("pattern", "minLength", "minimum", "default", "enum", "anyOf", "type", "format")
    for name in set(mine) & set(theirs) - apart - of_every_user - {
        "secret_hash",
        "post_logout_redirect_uris",
        "grant_types",
        "resources",
    }:
        if name != "address":
            assert {rule: mine[name].get(rule) for rule in rules} == {
                rule: theirs[name].get(rule) for rule in rules
            }, name
    required = {"subject", "password_hash", "username", "client_id"}
    assert (
        set(body.model_json_schema().get("required", ()))
        == set(entry.model_json_schema().get("required", ())) - required - of_every_user
    )


@pytest.mark.parametrize("gone", ["client", "user"])
def test_consent_is_not_that_of_the_next_of_the_same_name(gone: str) -> None:
    app = {
        "name": "App",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code"],
        "scopes": ["openid", "profile", "players:read"],
    }
    paths = {"client": ("/_emulator/clients/app", app), "user": ("/_emulator/users/kratos", USER)}
    for path, body in paths.values():
        assert admin().put(path, body).status < 300
    agent = UserAgent()
    as_kratos = {"username": "kratos", "password": USER["password"]}

    def after_login() -> Answer:
        agent.cookies.clear()
        return agent.follow(agent.login(agent.get(authorize()), **as_kratos))

    assert "code" in sent_back(agent.follow(agent.submit(after_login(), decision="allow")))
    path, body = paths[gone]
    assert admin().put(path, {**body, "name": "Renamed"}).status == 200
    assert "code" in sent_back(after_login())
    assert admin().delete(path).status == 204
    assert admin().put(path, body).status == 201
    assert "Allow App?" in after_login().text
