"""A route's function may do what its row says: all of it is needed, and no more is."""

from collections.abc import Callable
from typing import Any

import pytest

import main
from tests.gateway import Gateway
from utils.aws import client

KRATOS = {"username": "kratos", "email": "kratos@mail.example"}
ATREUS = {"username": "atreus", "email": "atreus@mail.example"}
WIN = {"outcome": "win"}

SCENARIOS: dict[str, list[Callable[[Gateway, str], Any]]] = {
    "root": [lambda api, _: api.get("/")],
    "healthz": [lambda api, _: api.get("/healthz")],
    "players-create": [
        lambda api, _: api.post("/players", ATREUS),
        lambda api, _: api.post("/players", KRATOS),
    ],
    "players-list": [lambda api, _: api.get("/players?limit=1")],
    "players-get": [lambda api, path: api.get(path), lambda api, _: api.get("/players/nobody")],
    "players-update": [lambda api, path: api.put(path, KRATOS), lambda api, path: api.put(path, ATREUS)],
    "players-delete": [lambda api, path: api.delete(path)],
    "stats-get": [lambda api, path: api.get(f"{path}/stats")],
    "stats-post": [lambda api, path: api.post(f"{path}/stats", WIN)] * 2,
    "fallback": [lambda api, _: api.get("/nowhere")],
}
"""What makes a route use all that it may."""


def actions(operation: str, arguments: dict[str, Any]) -> set[str]:
    """The permissions that a call needs: a transaction those of its writes."""
    if operation != "TransactWriteItems":
        return {operation}
    writes = {kind for item in arguments["TransactItems"] for kind in item}
    return {"ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item" for kind in writes}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("smoke", [False, True], ids=["requests", "smoke"])
def test_a_route_uses_the_table_as_its_row_says(
    name: str, smoke: bool, api: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/players/{api.post('/players', KRATOS).data['player_id']}"
    (route,) = [one for one in (*main.ROUTES, main.FALLBACK) if one.name == name]
    used: set[str] = set()
    dynamodb = client("dynamodb")
    call = dynamodb._make_api_call

    def watched(operation: str, arguments: dict[str, Any]) -> Any:
        used.update(actions(operation, arguments))
        return call(operation, arguments)

    monkeypatch.setattr(dynamodb, "_make_api_call", watched)
    if smoke:
        getattr(main, route.entry)({"smoke": True}, None)
        assert used <= set(route.table)
        return
    for scenario in SCENARIOS[name]:
        scenario(api, path)
    assert used == set(route.table)


def test_every_player_route_has_a_scenario() -> None:
    assert {route.name for route in main.ROUTES if route.path.startswith("/players")} <= SCENARIOS.keys()
