"""Sandboxes side by side in one browser, each under its base URL."""

from dataclasses import replace
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, again_if_the_network_changed
from tests.browser.test_docs import authorizing, list_players
from tests.browser.test_login_page import heading, log_in

pytestmark = again_if_the_network_changed


def of(site: Site, sandbox: str) -> Site:
    """The same under the base URL of a sandbox."""
    return replace(site, issuer=f"{site.issuer}/s/{sandbox}")


def signed_in(page: Page, site: Site) -> None:
    """Log in and consent, and be back at the client."""
    page.goto(site.authorize())
    heading(page, "Sign in")
    log_in(page)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site.app.callback}?**")
    assert site.app.answers[-1]["iss"] == site.issuer


def test_sessions_of_two_and_of_the_default_one_do_not_meet(open_page: Open, site: Site) -> None:
    page = open_page()
    sites = [site, of(site, "job-1"), of(site, "job-2"), of(site, "default")]
    for each in sites[:3]:
        signed_in(page, each)
    for each in sites[:3]:
        page.goto(each.authorize())
        page.wait_for_url(f"{site.app.callback}?**")
        assert site.app.answers[-1]["iss"] == each.issuer
    page.goto(sites[1].logout())
    page.get_by_role("button", name="Sign out").click()
    page.goto(sites[1].authorize())
    heading(page, "Sign in")
    for each in (sites[0], sites[2]):
        page.goto(each.authorize())
        page.wait_for_url(f"{site.app.callback}?**")
    page.goto(sites[3].authorize())
    heading(page, "Sign in")


def test_its_description_is_tried_there(open_page: Open, site: Site) -> None:
    page = open_page(viewport={"width": 1200, "height": 1000})
    page.goto(f"{of(site, 'job-1').issuer}/docs")
    dialog = authorizing(page, "authorizationCode")
    with page.context.expect_page() as popup:
        dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    log_in(popup.value)
    expect(dialog).to_contain_text("Authorized")
    dialog.get_by_role("button", name="Close").click()
    sent: list[Any] = []
    page.on("response", lambda answer: sent.append((answer.url, answer.headers.get("x-sandbox"))))
    expect(list_players(page).locator(".response-col_status")).to_contain_text("200")
    assert any("/s/job-1/players" in url and sandbox == "job-1" for url, sandbox in sent)
