"""The console: sign in there, make a sandbox, move its clock, reset it; nothing from another host."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Open, Site, again_if_the_network_changed
from tests.browser.test_login_page import log_in

pytestmark = again_if_the_network_changed

SECTIONS = ("Requests", "Faults", "Clock", "State", "Sandboxes")


def opened(open_page: Open, site: Site, section: str = "", **options: object) -> Page:
    """The console with a section, signed in."""
    page = open_page(**options)
    page.goto(f"{site.issuer}/_emulator#{section.lower()}")
    page.get_by_role("button", name="Sign in").click()
    log_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(section or "Requests")
    return page


def section(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("section[aria-busy]")).to_have_count(0)


def make_sandbox(page: Page, name: str) -> None:
    section(page, "Sandboxes")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Lives for").fill("PT2H")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("status")).to_have_text(f"{name} is operated now.")
    expect(page.get_by_label("Sandbox", exact=True)).to_have_value(name)


def test_a_sandbox_is_made_and_its_clock_moved(open_page: Open, site: Site) -> None:
    page = opened(open_page, site, "Sandboxes")
    make_sandbox(page, "job-1")
    section(page, "Clock")
    page.get_by_role("button", name="1 day").click()
    expect(page.get_by_role("status")).to_contain_text("fell due")
    expect(page.get_by_text("P1D from real time")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_keeps_nobody_out(open_page: Open, site: Site, scheme: str, width: int, tmp_path: Path) -> None:
    page = opened(open_page, site, "Sandboxes", viewport={"width": width, "height": 900}, color_scheme=scheme)
    make_sandbox(page, "job-1")
    for name in SECTIONS:
        section(page, name)
        page.screenshot(path=str(tmp_path / f"{name}.png"), full_page=True)
        assert axe.faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
