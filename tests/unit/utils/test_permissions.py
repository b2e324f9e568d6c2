"""A route's function may do what its row says: all of it is needed, and no more is."""

from collections.abc import Callable
from typing import Any

import pytest

import routes
from tests.conftest import permissions_of
from tests.support.gateway import Gateway
from tests.support.interception import Call, Intercept

KRATOS = {"username": "kratos", "email": "kratos@mail.example"}
ATREUS = {"username": "atreus", "email": "atreus@mail.example"}
FREYA = {"username": "freya", "email": "freya@mail.example"}
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
    "stats-post": [lambda api, path: api.post(f"{path}/stats", WIN, headers={"idempotency-key": "1"})] * 2,
    "fallback": [lambda api, _: api.get("/nowhere")],
}
"""What makes a route use all that it may."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_route_uses_the_table_as_its_row_says(name: str, api: Gateway, intercept: Intercept) -> None:
    path = f"/players/{api.post('/players', KRATOS).data['player_id']}"
    api.post("/players", FREYA)
    (route,) = [route for route in (*routes.ROUTES, routes.FALLBACK) if route.name == name]
    used: set[str] = set()

    def watched(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        used.update(permissions_of(operation, arguments))
        return call(operation, arguments)

    intercept(watched)
    for scenario in SCENARIOS[name]:
        scenario(api, path)
    assert used == set(route.table)


def test_every_player_route_has_a_scenario() -> None:
    assert {route.name for route in routes.ROUTES if route.path.startswith("/players")} <= SCENARIOS.keys()
