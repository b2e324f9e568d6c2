"""CONTRIBUTING's way to a new route, taken on a stack that serves: the preview tells it apart, the deploy brings it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.deployed import deployment
from tests.support.checkout import Checkout, checkout_in
from tests.support.recipe import steps

ROUTES = (
    "root",
    "healthz",
    "openapi",
    "auth-token",
    "jwks",
    "stack-keys",
    "players-create",
    "players-list",
    "players-get",
)
NEW = ("notes-get", "notes-put")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose stack is deployed, and then has the recipe's steps taken in its tree."""
    checkout = checkout_in(tmp_path_factory.mktemp("notes"), "local-notes")
    checkout.keep_routes(*ROUTES, *NEW)
    with deployment(checkout):
        for step in steps(checkout.folder / "CONTRIBUTING.md"):
            step.take(checkout.folder)
        yield checkout


def test_the_preview_tells_the_new_routes_apart_from_the_image_of_all_others(deployed: Checkout) -> None:
    changes: dict[str, set[str]] = defaultdict(set)
    for change in deployed.json("preview")["changes"]:
        changes[change["operation"]].add(change["name"])
    assert {f"{name}-function" for name in NEW} <= changes["create"]
    assert {f"{name}-route" for name in (*NEW, "notes-get-head")} <= changes["create"]
    assert all(any(name in created for name in NEW) or created == "seed" for created in changes["create"])
    assert {f"{name}-function" for name in ROUTES} <= changes["update"]
    text = deployed.done("preview")
    assert "+ aws:lambda:Function  notes-get-function, notes-put-function" in text


def test_it_answers_where_it_is_deployed(deployed: Checkout) -> None:
    made = deployed.make("deploy")
    assert made.returncode == 0, made.stderr
    assert "Wrote handlers/openapi.json anew" in made.stderr
    url = deployed.json("outputs")["api_url"]
    with httpx.Client(base_url=url, timeout=60) as api:
        login = {"username": "testuser", "password": "password123"}
        token = api.post("/auth/token", json=login).raise_for_status().json()
        assert {"notes:read", "notes:write"} <= set(token["scope"].split())
        api.headers["Authorization"] = f"Bearer {token['access_token']}"
        player: dict[str, Any] = api.post(
            "/players", json={"username": "kratos", "email": "kratos@mail.example"}
        ).json()["data"]
        path = f"/players/{player['player_id']}/notes"
        assert api.get(path).json()["code"] == "notes_not_found"
        key = {"Idempotency-Key": "k"}
        first = api.put(path, json={"text": "Met at the finals."}, headers=key)
        assert first.json()["data"] == {"text": "Met at the finals."}
        again = api.put(path, json={"text": "Met at the finals."}, headers=key)
        assert (again.headers["idempotent-replayed"], again.json()) == ("true", first.json())
        assert api.get(path).json()["data"] == {"text": "Met at the finals."}
        assert api.head(path).status_code == 200
        assert "/players/{player_id}/notes" in api.get("/openapi.json").json()["paths"]
