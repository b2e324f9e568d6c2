"""Tokens to order, of the deployed API and of a sandbox: good ones, and such as everybody must refuse."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.e2e.bases import api, url
from tests.e2e.guide import SANDBOXES, table
from tests.e2e.resource_servers import AUDIENCE, REFUSED, ResourceServer, resource_server
from tests.e2e.sandboxes import admin_client, bearer, is_active

__all__ = ["api", "resource_server", "url"]

type Desk = Callable[..., dict[str, Any]]
"""Takes the members of an order for ``testuser``; what is answered."""


@pytest.fixture(scope="module")
def desk(api: httpx.Client) -> Desk:
    """Where tokens are ordered, by the administrator of the base URL."""
    headers = bearer(admin_client(api))

    def order(**members: Any) -> dict[str, Any]:
        answer = api.post("/_emulator/tokens", json={"username": "testuser", **members}, headers=headers)
        assert answer.status_code == 201, answer.text
        ordered: dict[str, Any] = answer.json()["data"]
        return ordered

    return order


def test_a_good_one_is_taken_by_all(api: httpx.Client, desk: Desk, resource_server: ResourceServer) -> None:
    ordered = desk(claims={"tier": "gold"}, scope="openid players:read game:play", expires_in=600)
    token = ordered["access_token"]
    claims = resource_server(token, AUDIENCE)
    assert (claims, claims["tier"]) == (ordered["claims"], "gold")
    assert api.get("/players", headers=bearer(token)).status_code == 200
    assert api.get("/auth/userinfo", headers=bearer(token)).json()["sub"] == claims["sub"]
    assert is_active(api, token)


def test_a_good_one_can_be_revoked(api: httpx.Client, desk: Desk) -> None:
    token = desk(client_id="demo-backend", scope="players:read")["access_token"]
    assert api.get("/players", headers=bearer(token)).status_code == 200
    backend = ("demo-backend", "demo-backend-secret")
    assert api.post("/auth/revoke", data={"token": token}, auth=backend).status_code == 200
    assert api.get("/players", headers=bearer(token)).status_code == 401


def test_a_good_id_token_is_taken_by_its_client(desk: Desk, resource_server: ResourceServer) -> None:
    ordered = desk(kind="id_token", client_id="demo-backend", claims={"tier": "gold"})
    assert resource_server(ordered["id_token"], "demo-backend", typ="JWT")["tier"] == "gold"


def test_each_defect_is_refused_as_the_guide_says(api: httpx.Client, desk: Desk) -> None:
    possible = {f"missing_claim:{claim}" for claim in desk()["claims"]}
    told = {
        defect: status
        for defect, status in defects().items()
        if defect in possible or not defect.startswith("missing_claim:")
    }
    refused = {}
    for defect in told:
        token = desk(defect=defect)["access_token"]
        refused[defect] = api.get("/players", headers=bearer(token)).status_code
        assert not is_active(api, token), defect
        assert api.get("/auth/userinfo", headers=bearer(token)).status_code == 401, defect
    assert refused == told


def test_resource_servers_find_the_defects(desk: Desk, resource_server: ResourceServer) -> None:
    for defect in defects():
        if defect.startswith("missing_claim"):
            continue  # which claims there have to be is for each to say
        access_token = desk(defect=defect)["access_token"]
        with pytest.raises(REFUSED):
            resource_server(access_token, AUDIENCE)
        id_token = desk(defect=defect, kind="id_token", client_id="demo-backend")["id_token"]
        with pytest.raises(REFUSED):
            resource_server(id_token, "demo-backend", typ="JWT")


def defects() -> dict[str, int]:
    """The guide's defects, and the statuses with which the API refuses them."""
    told = {}
    for defect, _, statuses in table("defect", SANDBOXES):
        status, *others = statuses.split("; ")
        told[defect.replace("<name>", "jti")] = int(status)
        for other in others:
            exception, claim = other.split(" for ")
            told[defect.replace("<name>", claim)] = int(exception)
    return told
