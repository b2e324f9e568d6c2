"""Users of a sandbox at run time: who may log in, what a change ends, and who else notices."""

import json
from typing import Any

import pytest
from argon2 import PasswordHasher

from services.sandboxes.opening import begin, opened
from tests.support import identity
from tests.support.gateway import Gateway, open_session
from tests.unit.identity.conftest import Client
from utils import table
from utils.sandbox import DEFAULT, Sandbox, sandbox_key

BODY: dict[str, Any] = {
    "password": "kratos-password",
    "email": "kratos@example.com",
    "email_verified": True,
    "name": "Kratos",
    "scopes": ["openid", "profile", "players:read", "players:write"],
}
HASH = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash("kratos-password")
SEEDED = "/_emulator/users/testuser"


def admin(sandbox: Sandbox = DEFAULT) -> Gateway:
    """The administrator of a sandbox."""
    return Gateway(open_session(sandbox))


def nested(levels: int) -> Any:
    """An empty array in so many others."""
    return json.loads("[" * levels + "]" * levels)


def login(username: str, password: str, prefix: str = "", scope: str | None = None) -> Any:
    """The answer to a login by the simple form."""
    body = {"username": username, "password": password, **({"scope": scope} if scope else {})}
    return Gateway().post(f"{prefix}/auth/token", body)


def players(tokens: Any, prefix: str = "") -> int:
    """The status that the API answers a token's bearer."""
    return Gateway(identity.payload(tokens["access_token"])).get(f"{prefix}/players").status


pytestmark = pytest.mark.usefixtures("provider")


def test_a_registered_user_is_read_logs_in_and_is_told_of() -> None:
    answer = admin().put(
        "/_emulator/users/Kratos", BODY | {"nickname": "Ghost", "address": {"country": "GR"}}
    )
    assert answer.status == 201
    assert answer.headers["location"] == f"{identity.ISSUER}/_emulator/users/Kratos"
    assert answer.data["origin"] == "registered"
    assert "hash" not in answer.text
    assert admin().get("/_emulator/users/kRATOS").data == answer.data
    tokens = login("kratos", "kratos-password").json()
    assert identity.payload(tokens["access_token"])["sub"] == answer.data["subject"]
    told = Client().userinfo(tokens["access_token"]).json()
    assert (told["preferred_username"], told["nickname"]) == ("Kratos", "Ghost")
    assert players(tokens) == 200


def test_a_links_sandbox_is_the_one_that_the_header_names() -> None:
    headers = {"x-sandbox": "ci-7"}
    answer = admin().put("/_emulator/users/kim", BODY, headers=headers)
    location = answer.headers["location"].removeprefix(identity.ISSUER)
    assert location == "/s/ci-7/_emulator/users/kim"
    assert admin().get(location).data == answer.data
    link = admin().get("/_emulator/users?limit=1", headers=headers).headers["link"]
    assert link.startswith(f"<{identity.ISSUER}/s/ci-7/_emulator/users?")


def test_the_subject_is_the_seeds_or_the_names_or_the_one_that_is_given() -> None:
    assert admin().put(SEEDED, BODY).data["subject"] == identity.SUBJECT
    here = admin().put("/_emulator/users/kratos", BODY).data["subject"]
    there = admin(opened("ci-7")).put("/_emulator/users/KRATOS", BODY).data["subject"]
    assert here == there
    given = "33333333-3333-4333-8333-333333333333"
    assert admin().put("/_emulator/users/kratos", BODY | {"subject": given}).data["subject"] == given
    assert admin().put("/_emulator/users/kratos", BODY).data["subject"] == given


def test_a_subject_belongs_to_one_and_is_no_clients_id() -> None:
    assert (
        admin().put("/_emulator/users/kratos", BODY | {"subject": identity.SUBJECT}).code
        == "account_conflict"
    )
    admin().delete(SEEDED)
    assert admin().put("/_emulator/users/kratos", BODY | {"subject": identity.SUBJECT}).status == 201
    assert admin().put(SEEDED, BODY).code == "account_conflict"


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"password": "another"}, True),
        ({"scopes": ["openid", "players:read"]}, True),
        ({"subject": "33333333-3333-4333-8333-333333333333"}, True),
        ({"scopes": [*BODY["scopes"], "email"], "name": "Renamed"}, False),
        ({}, False),
    ],
)
def test_what_is_taken_away_ends_tokens_at_once_and_what_is_added_none(change: Any, ends: bool) -> None:
    subject = admin().put("/_emulator/users/kratos", BODY).data["subject"]
    tokens = login("kratos", "kratos-password").json()
    assert admin().put("/_emulator/users/Kratos", BODY | change).status == 200
    assert players(tokens) == (401 if ends else 200)
    answer = Client().refresh(tokens["refresh_token"])
    assert answer.status == (400 if ends else 200)
    if ends:
        admin().put("/_emulator/users/kratos", BODY | {"subject": subject})
        assert players(tokens) == 401, "what has ended does not come back"


def test_a_change_of_a_seeds_user_ends_what_the_seed_let_it_have() -> None:
    tokens = login(identity.USERNAME, identity.PASSWORD).json()
    assert admin().put(SEEDED, BODY).status == 200
    assert players(tokens) == 401
    assert login(identity.USERNAME, identity.PASSWORD).status == 400
    assert login(identity.USERNAME, "kratos-password").status == 200


@pytest.mark.parametrize("username", ["kratos", identity.USERNAME])
def test_a_deleted_user_is_gone_with_its_tokens_and_comes_back_without_them(username: str) -> None:
    hashed = {name: value for name, value in BODY.items() if name != "password"} | {"password_hash": HASH}
    path = f"/_emulator/users/{username}"
    admin().put(path, hashed)
    tokens = login(username, "kratos-password").json()
    assert admin().delete(path).status == 204
    assert players(tokens) == 401
    assert login(username, "kratos-password").status == 400
    assert admin().get(path).code == "account_not_found"
    assert admin().delete(path).code == "account_not_found"
    assert Client().refresh(tokens["refresh_token"]).status == 400
    assert admin().put(path, hashed).status == 201
    assert players(tokens) == 401
    assert players(login(username, "kratos-password").json()) == 200


def test_a_user_is_of_one_sandbox_and_of_one_generation() -> None:
    sandbox = opened("ci-7")
    admin(sandbox).put("/s/ci-7/_emulator/users/kratos", BODY)
    tokens = login("kratos", "kratos-password", "/s/ci-7").json()
    assert players(tokens, "/s/ci-7") == 200
    assert login("kratos", "kratos-password").status == 400
    assert login("kratos", "kratos-password", "/s/ci-8").status == 400
    begin("ci-7", table.get(sandbox_key("ci-7")), {"ends_at": sandbox.ends_at})
    assert login("kratos", "kratos-password", "/s/ci-7").status == 400
    assert players(tokens, "/s/ci-7") == 401
    assert admin(opened("ci-7")).get("/s/ci-7/_emulator/users/kratos").code == "account_not_found"


def test_a_hidden_seeds_user_is_there_in_other_sandboxes() -> None:
    admin(opened("ci-7")).delete("/s/ci-7/_emulator/users/testuser")
    assert login(identity.USERNAME, identity.PASSWORD, "/s/ci-7").status == 400
    assert login(identity.USERNAME, identity.PASSWORD).status == 200


def test_the_list_has_the_seeds_and_the_registered_by_pages() -> None:
    names = [f"u{number:02}" for number in range(7)]
    for name in names:
        admin().put(f"/_emulator/users/{name}", BODY)
    admin().delete("/_emulator/users/u03")
    found, cursor = [], ""
    while True:
        answer = admin().get(f"/_emulator/users?limit=2{cursor}")
        found += [(user["username"], user["origin"]) for user in answer.json()["data"]]
        assert "hash" not in answer.text
        if (following := answer.json()["meta"]["next_cursor"]) is None:
            break
        cursor = f"&cursor={following}"
        assert f"cursor={following}" in answer.headers["link"]
    left = [(name, "registered") for name in names if name != "u03"]
    assert found == [("testuser", "seed"), *left]


def test_a_locked_user_stays_locked() -> None:
    from services.identity.sessions import user_key
    from utils.writes import Update

    subject = admin().put("/_emulator/users/kratos", BODY).data["subject"]
    table.write(Update(user_key(DEFAULT, subject), assign={"status": "locked"}))
    admin().put("/_emulator/users/kratos", BODY | {"name": "Renamed"})
    assert login("kratos", "kratos-password").status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"password_hash": identity.seed_entry()["password_hash"]},
        {"password": None},
        {"password": None, "password_hash": "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA"},
        {"password": None, "password_hash": "$argon2id$v=19$m=00019456,t=2,p=1$AAAAAAAAAAA$AAAAAA"},
        {"password": None, "password_hash": "$argon2id$v=19$m=19456,t=02,p=1$AAAAAAAAAAA$AAAAAA"},
        {"password": None, "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAB$AAAAAA"},
        {"password": None, "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAA$AAAAAB"},
        {"email": "nobody"},
        {"subject": "nobody"},
        {"role": "admin"},
        {"birthdate": "tomorrow"},
    ],
)
def test_a_body_against_the_rules_is_refused(change: Any) -> None:
    assert admin().put("/_emulator/users/kratos", BODY | change).code == "validation_error"


def test_a_name_that_nobody_can_log_in_with_is_refused() -> None:
    assert admin().put(f"/_emulator/users/{'k' * 129}", BODY).code == "validation_error"


def test_where_defaults_are_refused_they_are_refused_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    identity.forget()
    assert admin().put(SEEDED, BODY).code == "validation_error"
    answer = admin().put("/_emulator/users/kratos", BODY | {"password": "password123"})
    assert answer.code == "validation_error"


def test_what_a_document_may_leave_out_may_be_left_out_here_too() -> None:
    body = {"password": BODY["password"], "email": BODY["email"]}
    told = admin().put("/_emulator/users/Kratos", body).data
    assert (told["name"], told["email_verified"], "players:write" in told["scopes"]) == (
        "Kratos",
        False,
        True,
    )
    document = {"users": [{"username": "Kratos", **body}]}
    assert admin().post("/_emulator/sandboxes/ci-7/import", document).status == 200
    of_document = admin(opened("ci-7")).get("/_emulator/users/Kratos").data
    assert of_document == told


def test_a_scope_that_there_is_not_is_refused_and_not_repeated() -> None:
    answer = admin().put("/_emulator/users/kratos", BODY | {"scopes": ["playrs:read"]})
    (fault,) = answer.json()["errors"]
    assert (answer.status, fault["field"], fault["code"]) == (422, "scopes.0", "scope")
    assert "players:read, players:write" in fault["message"]
    assert "playrs" not in answer.text


def test_all_stands_for_the_scopes_that_are_not_reserved() -> None:
    scopes = admin().put("/_emulator/users/kratos", BODY | {"scopes": "all"}).data["scopes"]
    assert "players:write" in scopes
    assert "emulator:admin" not in scopes


@pytest.mark.parametrize("more", [{"updated_at": 10**200}, {"extra_claims": {"levels": nested(400)}}])
def test_what_nothing_can_hold_is_refused(more: dict[str, Any]) -> None:
    assert admin().put("/_emulator/users/Kratos", BODY | more).code == "validation_error"


def test_claims_that_the_table_has_no_types_for_are_in_tokens_as_they_were_given() -> None:
    claims = {"rate": 0.1, "least": 5e-324, "level": 10**200, "levels": nested(200), "none": {"a": None}}
    assert admin().put("/_emulator/users/Kratos", BODY | {"extra_claims": claims}).status == 201
    told = identity.payload(login("Kratos", BODY["password"]).json()["access_token"])
    assert {name: told[name] for name in claims} == claims
