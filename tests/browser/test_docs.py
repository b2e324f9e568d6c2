"""The page of the API's description: log in there, try a request, see the answer; nothing from another host."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.conftest import Open, Site, again_if_the_network_changed
from tests.browser.test_login_page import log_in
from tests.support import identity
from tests.support.gateway import Gateway, open_session

pytestmark = again_if_the_network_changed


def opened(open_page: Open, site: Site, **options: Any) -> Page:
    """The page, as soon as it shows the routes."""
    page = open_page(viewport={"width": 1200, "height": 1000}, **options)
    page.goto(f"{site.issuer}/docs")
    expect(page.get_by_text("List players", exact=True)).to_be_visible(timeout=60_000)  # a large document
    return page


def authorizing(page: Page, scheme: str) -> Locator:
    """The part of the dialog about who is calling that ``scheme`` is in."""
    page.get_by_role("button", name="Authorize").first.click()
    return page.locator(".auth-container", has_text=scheme)


def list_players(page: Page) -> Locator:
    """Try the route that lists players; what is shown of the answer."""
    operation = page.locator("#operations-Players-players_list")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table .response")


def test_who_logs_in_there_tries_a_request_and_sees_the_answer(
    open_page: Open, site: Site, tmp_path: Path
) -> None:
    Gateway(open_session()).post("/players", {"username": "Kratos", "email": "kratos@mail.example"})
    page = opened(open_page, site)
    dialog = authorizing(page, "authorizationCode")
    with page.context.expect_page() as popup:
        dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    log_in(popup.value)
    expect(dialog).to_contain_text("Authorized")
    page.screenshot(path=str(tmp_path / "dialog.png"))
    dialog.get_by_role("button", name="Close").click()
    answer = list_players(page)
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text("Kratos")
    page.screenshot(path=str(tmp_path / "answer.png"))


def test_a_token_that_is_pasted_works_too(open_page: Open, site: Site) -> None:
    login = {"username": identity.USERNAME, "password": identity.PASSWORD}
    token = Gateway().post("/auth/token", login).json()["access_token"]
    page = opened(open_page, site)
    dialog = authorizing(page, "bearer")
    dialog.get_by_label("auth-bearer-value").fill(token)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").click()
    expect(list_players(page).locator(".response-col_status")).to_contain_text("200")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_our_parts_of_it_keep_nobody_out(open_page: Open, site: Site, scheme: str, tmp_path: Path) -> None:
    page = opened(open_page, site, color_scheme=scheme)
    page.screenshot(path=str(tmp_path / f"{scheme}.png"))
    assert axe.faults(page, without="#swagger-ui") == []


def test_without_scripts_it_still_leads_to_the_document(open_page: Open, site: Site) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{site.issuer}/docs")
    link = page.get_by_role("navigation").get_by_role("link", name="OpenAPI document")
    assert link.evaluate("link => link.href") == f"{site.issuer}/openapi.json"
