"""Sandboxes of the deployed stack are declared, reset, exported, imported and deleted over HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.sandboxes import named_seeds
from tests.e2e.guide import SANDBOXES, text
from tests.e2e.sandboxes import admin_client, admin_login, base, bearer, login, usernames
from tests.support import players
from tests.support.checkout import Checkout

KIM = {"username": "kim", "password": "of-tests"}
SEED: dict[str, Any] = {
    "users": [{**KIM, "email": "kim@example.com", "scopes": ["openid", "players:read", "players:write"]}],
    "players": [{"username": "Atreus", "email": "atreus@example.com", "country": "GR"}],
    "statistics": [{"username": "Atreus", "matches_played": 3, "wins": 2, "losses": 1}],
}
NAME = "controlled"
ROUTE = f"/_emulator/sandboxes/{NAME}"


def fails_to_log_in(sandbox: httpx.Client, username: str) -> bool:
    """Whether a wrong password is refused for itself, and not because there were too many."""
    answer = sandbox.post("/auth/token", json={"username": username, "password": "wrong"})
    assert answer.status_code == 400, answer.text
    return "retry-after" not in answer.headers


@pytest.fixture
def operator(url: str) -> Iterator[httpx.Client]:
    """A client that operates all sandboxes."""
    with httpx.Client(base_url=url, timeout=30) as client:
        client.headers = bearer(admin_client(client))
        yield client


@pytest.fixture
def sandbox(url: str, operator: httpx.Client) -> Iterator[httpx.Client]:
    """A sandbox of that seed, by its base URL; deleted at the end if it is still there."""
    made = operator.put(ROUTE, json={"seed": SEED, "ttl": "PT1H"})
    assert (made.status_code, made.json()["data"]["base_url"]) == (201, f"{url}/s/{NAME}"), made.text
    with base(url, NAME) as client:
        yield client
    operator.delete(ROUTE)


def exported(operator: httpx.Client) -> str:
    """The text of the sandbox's document."""
    answer = operator.get(f"{ROUTE}/export")
    assert answer.status_code == 200, answer.text
    return answer.text.partition(',"meta":')[0]


def test_a_sandbox_holds_its_seed_until_it_is_deleted(operator: httpx.Client, sandbox: httpx.Client) -> None:
    token = login(sandbox, **KIM)
    assert usernames(sandbox, token) == ["Atreus"]
    assert sandbox.post("/auth/token", json={"username": "testuser", "password": "password123"}).is_error
    made = sandbox.post("/players", json=players.body("Mimir"), headers=bearer(token))
    assert made.status_code == 201, made.text
    state = exported(operator)

    reset = operator.post(f"{ROUTE}/reset")
    assert (reset.status_code, reset.json()["data"]["reset_pending"]) == (200, False), reset.text
    dead = sandbox.get("/players", headers=bearer(token))
    assert (dead.status_code, dead.json()["code"]) == (401, "invalid_token")
    assert usernames(sandbox, login(sandbox, **KIM)) == ["Atreus"]

    document = operator.get(f"{ROUTE}/export").json()["data"]
    assert [player["username"] for player in document["players"]] == ["Atreus"]
    content = state.removeprefix('{"data":')
    imported = operator.post(f"{ROUTE}/import", content=content, headers={"Content-Type": "application/json"})
    assert (imported.status_code, imported.json()["data"]["next_page"]) == (200, None), imported.text
    assert exported(operator) == state
    token = login(sandbox, **KIM)
    assert sorted(usernames(sandbox, token)) == ["Atreus", "Mimir"]

    assert operator.delete(ROUTE).status_code == 204
    assert sandbox.get("/players", headers=bearer(token)).status_code == 401
    gone = operator.get(ROUTE)
    assert (gone.status_code, gone.json()["code"]) == (404, "sandbox_not_found")


def test_an_administrator_who_is_a_user_operates_sandboxes_too(api: httpx.Client) -> None:
    headers = bearer(admin_login(api))
    route = "/_emulator/sandboxes/of-a-user"
    assert api.put(route, json={"seed": "empty"}, headers=headers).status_code == 201
    assert api.get(route, headers=headers).json()["data"]["seed"] == "empty"
    assert api.delete(route, headers=headers).status_code == 204


def test_another_sandboxs_administrator_is_refused(url: str) -> None:
    with base(url, "another") as client:
        headers = bearer(admin_login(client))
        refused = client.put(ROUTE, json={}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign_sandbox"), refused.text
        own = client.put("/_emulator/sandboxes/another", json={"ttl": "PT1H"}, headers=headers)
        assert own.status_code == 200, own.text


def test_a_token_without_the_scope_is_refused(user: httpx.Client) -> None:
    assert user.put(ROUTE, json={}).status_code == 403
    assert user.get("/_emulator/clock").status_code == 403


def test_make_has_a_sandbox_hold_the_guides_seed_and_resets_it(
    url: str, deployed: Checkout, tmp_path: Path
) -> None:
    file = tmp_path / "seed.json"
    [document] = re.findall(r"^```json\n(.*?)^```$", text(SANDBOXES), re.MULTILINE | re.DOTALL)
    file.write_text(document, encoding="utf-8")
    deployed.done("seed", "SANDBOX=by-make", f"FILE={file}", "TTL=PT1H")
    with base(url, "by-make") as client:
        token = login(client, **KIM)
        assert usernames(client, token) == ["Atreus"]
        deployed.done("reset", "SANDBOX=by-make")
        assert client.get("/players", headers=bearer(token)).status_code == 401
        assert usernames(client, login(client, **KIM)) == ["Atreus"]


def test_make_has_a_sandbox_hold_a_thousand_players_and_lifts_a_lock_out_in_it(
    url: str, deployed: Checkout, operator: httpx.Client
) -> None:
    deployed.done("seed", "SANDBOX=thousand", "SEED=large-1000", "TTL=PT1H")
    told = operator.get("/_emulator/sandboxes/thousand/export?limit=1000").json()["data"]
    expected = named_seeds.content("large-1000", 0)
    assert told["is_last"]
    assert [player["player_id"] for player in told["players"]] == sorted(
        player["player_id"] for player in expected["players"]
    )
    played = {stats["player_id"]: stats["matches_played"] for stats in told["statistics"]}
    assert played == {stats["player_id"]: stats["matches_played"] for stats in expected["statistics"]}
    with base(url, "thousand") as client:
        while fails_to_log_in(client, "locked-here"):
            pass
        assert fails_to_log_in(operator, "locked-here"), "it is locked in one sandbox"
        told = deployed.done("unlock", "USER=locked-here", "SANDBOX=thousand")
        assert "Forgot the failed logins of locked-here from " in told
        assert fails_to_log_in(client, "locked-here")
