"""The API through the gateway, the authorizer and the function containers."""

import uuid
from typing import Any

import httpx
import pytest

PROBLEM = "application/problem+json"


def unique() -> str:
    """A username that no other test uses."""
    return f"P{uuid.uuid4().hex[:12]}"


@pytest.fixture
def player(user: httpx.Client) -> dict[str, Any]:
    """A player made for one test."""
    name = unique()
    answer = user.post("/players", json={"username": name, "email": f"{name}@example.com"})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_the_root_names_the_service_and_its_links(api: httpx.Client) -> None:
    answer = api.get("/")
    assert answer.status_code == 200
    assert {"name", "version", "release", "environment", "links"} <= answer.json()["data"].keys()


def test_the_health_check_names_the_deployed_tag(api: httpx.Client, outputs: dict[str, Any]) -> None:
    answer = api.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["image_tag"] == outputs["image_tag"]


def test_a_login_gives_a_token_that_the_discovered_keys_verify(
    api: httpx.Client, outputs: dict[str, Any], tokens: dict[str, Any]
) -> None:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    metadata = api.get("/.well-known/openid-configuration").json()
    assert metadata["issuer"] == outputs["api_url"]
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    token = jwt.decode(tokens["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    assert token.claims["iss"] == outputs["api_url"]
    assert token.claims["sandbox"] == "default"


def test_userinfo_answers_the_bearer_and_refuses_others(api: httpx.Client, user: httpx.Client) -> None:
    assert user.get("/auth/userinfo").json()["preferred_username"] == "testuser"
    refused = api.get("/auth/userinfo")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_password_is_an_invalid_grant(api: httpx.Client) -> None:
    answer = api.post("/auth/token", json={"username": "testuser", "password": "wrong"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def test_a_refresh_token_is_rotated(api: httpx.Client) -> None:
    first = api.post("/auth/token", json={"username": "testuser", "password": "password123"}).json()
    second = api.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    third = api.post("/auth/refresh", json={"refresh_token": second.json()["refresh_token"]})
    assert third.status_code == 200


def test_a_client_gets_tokens_for_a_user_and_a_service_sees_them_end(api: httpx.Client) -> None:
    backend, service = ("demo-backend", "demo-backend-secret"), ("demo-service", "demo-service-secret")
    login = {"grant_type": "password", "username": "testuser", "password": "password123"}
    tokens = api.post("/auth/token", data=login, auth=backend).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    refreshed = api.post("/auth/token", data=refresh, auth=backend).json()
    shown = {"token": refreshed["access_token"]}
    told = api.post("/auth/introspect", data=shown, auth=service).json()
    assert (told["active"], told["username"], told["client_id"]) == (True, "testuser", "demo-backend")
    assert api.post("/auth/revoke", data=shown, auth=backend).status_code == 200
    assert api.post("/auth/introspect", data=shown, auth=service).json() == {"active": False}
    headers = {"Authorization": f"Bearer {refreshed['access_token']}"}
    assert api.get("/players", headers=headers).json()["code"] == "invalid_token"


def test_a_service_calls_the_players_in_its_own_name(api: httpx.Client) -> None:
    grant = {"grant_type": "client_credentials", "scope": "players:read"}
    token = api.post("/auth/token", data=grant, auth=("demo-service", "demo-service-secret")).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert api.get("/players", headers=headers).status_code == 200
    assert api.get("/auth/userinfo", headers=headers).status_code == 403


def test_a_client_with_a_wrong_secret_is_refused(api: httpx.Client) -> None:
    answer = api.post("/auth/token", data={"grant_type": "client_credentials"}, auth=("demo-backend", "no"))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_player_route_without_a_token_is_the_gateways_401(api: httpx.Client) -> None:
    answer = api.get("/players")
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize("place", ["header", "payload", "signature"])
def test_a_token_with_one_part_forged_is_the_gateways_403(
    api: httpx.Client, tokens: dict[str, Any], place: str
) -> None:
    parts = tokens["access_token"].split(".")
    index = ["header", "payload", "signature"].index(place)
    middle = len(parts[index]) // 2
    parts[index] = (
        parts[index][:middle] + ("A" if parts[index][middle] != "A" else "B") + parts[index][middle + 1 :]
    )
    answer = api.get("/players", headers={"Authorization": "Bearer " + ".".join(parts)})
    assert answer.status_code == 403


def test_a_token_without_the_scope_is_refused_also_after_an_allowed_route(api: httpx.Client) -> None:
    login = {"username": "testuser", "password": "password123", "scope": "players:read"}
    reader = {"Authorization": f"Bearer {api.post('/auth/token', json=login).json()['access_token']}"}
    name = unique()
    assert api.get("/players", headers=reader).status_code == 200
    body = {"username": name, "email": f"{name}@example.com"}
    assert api.post("/players", headers=reader, json=body).status_code == 403


def test_a_player_is_made_read_listed_replaced_and_deleted(user: httpx.Client) -> None:
    name = unique()
    made = user.post("/players", json={"username": name, "email": f"{name}@example.com"})
    assert made.status_code == 201
    path = f"/players/{made.json()['data']['player_id']}"
    assert made.headers["location"].endswith(path)
    assert user.get(path).json()["data"] == made.json()["data"]
    assert any(p["username"] == name for p in user.get("/players", params={"limit": 100}).json()["data"])
    changed = user.put(
        path, json={"username": name, "email": f"{name}@example.com", "display_name": "Ada L."}
    )
    assert changed.status_code == 200
    assert changed.json()["data"]["display_name"] == "Ada L."
    assert user.delete(path).status_code == 204
    gone = user.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "player_not_found")


def test_a_username_in_another_case_is_taken(user: httpx.Client, player: dict[str, Any]) -> None:
    body = {"username": player["username"].swapcase(), "email": f"{unique()}@example.com"}
    answer = user.post("/players", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "username_taken")


def test_results_add_up_in_the_statistics(user: httpx.Client, player: dict[str, Any]) -> None:
    path = f"/players/{player['player_id']}/stats"
    assert user.get(path).json()["data"]["matches_played"] == 0
    for outcome, score in (("win", 30), ("loss", 10)):
        assert user.post(path, json={"outcome": outcome, "score": score}).status_code == 200
    stats = user.get(path).json()["data"]
    assert (stats["matches_played"], stats["wins"], stats["losses"], stats["score_total"]) == (2, 1, 1, 40)
    assert (stats["score_best"], stats["win_rate"]) == (30, 0.5)


def test_an_invalid_player_is_answered_with_every_invalid_field(user: httpx.Client) -> None:
    answer = user.post("/players", json={"username": "1", "email": "no", "surprise": True})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert {item["field"] for item in answer.json()["errors"]} == {"username", "email", "surprise"}


def test_an_unknown_path_is_a_problem_404(api: httpx.Client) -> None:
    answer = api.get("/no/such/path")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == 404


def test_another_method_is_a_problem_405_with_what_is_allowed(api: httpx.Client) -> None:
    answer = api.patch("/players")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == PROBLEM
    assert {method.strip() for method in answer.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_every_answer_of_a_function_carries_the_common_headers(api: httpx.Client) -> None:
    for path in ("/", "/healthz", "/.well-known/jwks.json", "/no/such/path"):
        headers = api.get(path, headers={"X-Correlation-Id": "build-7"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]
        assert "cache-control" in headers
        assert headers["x-correlation-id"] == "build-7"
