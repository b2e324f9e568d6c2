"""A login with a browser, through the gateway and the function containers, to tokens and out again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.browser import chromium
from tests.browser.site import application
from tests.support.user_agent import CHALLENGE, VERIFIER

CALLBACK = "http://localhost:8080/callback"
GOODBYE = "http://localhost:8080/"


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A browser that finds the application of ``demo-web`` where the seed says, whatever listens there."""
    with application() as app, sync_playwright() as playwright:
        executable = chromium.ensure(Path(playwright.chromium.executable_path))
        address = f"--host-resolver-rules=MAP localhost:8080 {urlsplit(app.url).netloc}"
        with playwright.chromium.launch(executable_path=executable, args=[address]) as running:
            context = running.new_context()
            context.set_default_timeout(60_000)
            yield context


@pytest.fixture(scope="module")
def metadata(api: httpx.Client) -> dict[str, Any]:
    """The discovery document."""
    document: dict[str, Any] = api.get("/.well-known/openid-configuration").json()
    return document


@pytest.fixture(scope="module")
def tokens(context: BrowserContext, metadata: dict[str, Any]) -> dict[str, Any]:
    """What ``demo-web`` gets after a login and consent."""
    page = context.new_page()
    page.goto(authorize(metadata, prompt="consent"))
    page.get_by_label("Username").fill("testuser")
    page.get_by_label("Password").fill("password123")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{CALLBACK}?**")
    answer = came_back(page)
    assert (answer["state"], answer["iss"]) == ("s &=1", metadata["issuer"])
    form = {"grant_type": "authorization_code", "client_id": "demo-web", "code": answer["code"]}
    redemption = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    got = httpx.post(metadata["token_endpoint"], data=form | redemption, timeout=30)
    assert got.status_code == 200, got.text
    values: dict[str, Any] = got.json()
    return values


def authorize(metadata: dict[str, Any], **changes: str) -> str:
    request = {
        "response_type": "code",
        "client_id": "demo-web",
        "redirect_uri": CALLBACK,
        "scope": "openid profile players:read",
        "state": "s &=1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{metadata['authorization_endpoint']}?{urlencode(request | changes)}"


def came_back(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).query))


def test_the_code_of_a_login_buys_a_token_that_the_api_takes(
    api: httpx.Client, metadata: dict[str, Any], tokens: dict[str, Any]
) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert api.get("/players", headers=bearer).status_code == 200
    told = httpx.get(metadata["userinfo_endpoint"], headers=bearer, timeout=30).json()
    assert told["preferred_username"] == "testuser"


@pytest.mark.usefixtures("tokens")
def test_the_second_login_shows_no_page(context: BrowserContext, metadata: dict[str, Any]) -> None:
    page = context.new_page()
    page.goto(authorize(metadata, prompt="none"))
    assert "code" in came_back(page)


def test_a_logout_ends_the_session_and_its_tokens(
    context: BrowserContext, api: httpx.Client, metadata: dict[str, Any], tokens: dict[str, Any]
) -> None:
    request = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE, "state": "bye"}
    page = context.new_page()
    page.goto(f"{metadata['end_session_endpoint']}?{urlencode(request)}")
    assert came_back(page) == {"state": "bye"}
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert api.get("/players", headers=bearer).status_code == 401
    page.goto(authorize(metadata, prompt="none"))
    assert came_back(page)["error"] == "login_required"
