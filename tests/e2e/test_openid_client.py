"""openid-client as it comes, as a client of the deployed API; what its script tells."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.e2e.bases import url
from tests.e2e.conversation import converse
from tests.e2e.login_page import REDIRECT_URI
from tests.support import node
from tests.support.user_agent import authorize

__all__ = ["url"]


PACKAGE = Path(__file__).with_name("openid_client")


@pytest.fixture(scope="module")
def told(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of discovery, of a login with code and PKCE and of one without, and all that clients do with tokens."""
    folder = node.installed(PACKAGE, tmp_path_factory.mktemp("openid_client"))
    [line] = converse([node.NODE, "flow.mjs"], folder, logins=2, API=url)
    outcome: dict[str, Any] = json.loads(line)
    return outcome


def test_the_id_token_is_signed_and_says_who_logged_in_when(told: dict[str, Any]) -> None:
    claims = told["claims"]
    assert claims["aud"] == "demo-web"
    assert claims["iat"] - 300 <= claims["auth_time"] <= claims["iat"]


def test_userinfo_tells_of_the_same_user(told: dict[str, Any]) -> None:
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert told["userinfo"]["email"] == "testuser@example.com"


def test_a_refresh_rotates_the_refresh_token_and_keeps_the_user(told: dict[str, Any]) -> None:
    assert told["rotated"]
    assert told["same_subject"]
    assert told["players"] == 200


def test_a_service_may_introspect_and_another_client_may_not(told: dict[str, Any]) -> None:
    assert told["active"]["active"] is True
    assert told["active"]["username"] == "testuser"
    assert told["introspected_by_another"] == "unauthorized_client"


def test_a_revoked_refresh_token_takes_its_access_token_with_it(told: dict[str, Any]) -> None:
    assert told["revoked"] == {"active": False}
    assert told["refreshed_again"] == "invalid_grant"
    assert told["userinfo_again"] == "invalid_token"


def test_a_code_is_good_once(told: dict[str, Any]) -> None:
    assert told["code_again"] == "invalid_grant"


def test_a_client_calls_in_its_own_name(told: dict[str, Any]) -> None:
    assert told["own"] == 200


def test_logging_out_leads_back_to_the_client(told: dict[str, Any]) -> None:
    answer = httpx.get(told["logout"], timeout=30)
    assert (answer.status_code, answer.headers["location"]) == (303, "http://localhost:8080/?state=bye")


def test_a_client_is_given_the_claims_that_it_names_in_an_id_token_by_its_algorithm(
    told: dict[str, Any],
) -> None:
    asked = told["asked"]
    assert asked["algorithm"] == "RS256"
    assert asked["id_token"]["email"] == "testuser@example.com"
    assert asked["userinfo"] == {"sub": asked["id_token"]["sub"], "name": "Test User"}


def test_an_access_token_is_for_the_resources_that_were_named(told: dict[str, Any]) -> None:
    asked = told["asked"]
    assert asked["audience"] == ["https://game.example/api", "psn-emulator-api"]
    assert asked["players"] == 200
    assert asked["narrowed_audience"] == "https://game.example/api"
    assert asked["unknown"] == "invalid_target"


def test_a_client_may_ask_by_other_methods(told: dict[str, Any]) -> None:
    assert told["head"] == {"status": 200, "body": ""}
    assert told["posted"]


def test_the_same_api_is_another_issuer_under_another_host(
    outputs: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = outputs["api_url"].replace("//localhost:", "//127.0.0.1:")
    folder = node.installed(PACKAGE, tmp_path_factory.mktemp("other_host"))
    [line] = converse([node.NODE, "flow.mjs"], folder, logins=2, API=other)
    told = json.loads(line)
    assert told["claims"]["iss"] == other
    assert (told["players"], told["own"], told["asked"]["players"]) == (200, 200, 200)
    assert told["logout"].startswith(f"{other}/auth/logout?")


def test_a_login_without_a_page_is_one_request(outputs: dict[str, Any]) -> None:
    wanted = authorize(client_id="demo-web", redirect_uri=REDIRECT_URI, scope="openid players:read")
    automatic = f"{wanted}&emulator_login=auto&login_hint=testuser"
    answer = httpx.get(f"{outputs['api_url']}{automatic}", timeout=30)
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == REDIRECT_URI
    assert parse_qs(back.query)["iss"] == [outputs["api_url"]]
    assert "code" in parse_qs(back.query)
    assert "psn-session=" in answer.headers["set-cookie"]
