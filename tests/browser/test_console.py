"""The console: sign in there, make a sandbox, make it fail, see that, move its clock, reset it; nothing from another
host, and nobody kept out."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe
from tests.browser.conftest import Open, Site, again_if_the_network_changed
from tests.browser.test_login_page import log_in
from tests.support import identity
from utils.settings import settings

pytestmark = again_if_the_network_changed

SECTIONS = ("Requests", "Faults", "Clock", "State", "Sandboxes")

type Send = Callable[[], int]


@pytest.fixture(autouse=True)
def emulating(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack with faults and a journal, whose readers wait for a second at a time."""
    for name, value in {"FAULTS": "true", "JOURNAL": "true", "API_TIMEOUT_SECONDS": "4"}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()


@pytest.fixture
def send(site: Site) -> Send:
    """Lists the players of the sandbox job-1 as an application does; returns the status."""

    def list_players() -> int:
        base = f"{site.issuer}/s/job-1"
        login = {"username": identity.USERNAME, "password": identity.PASSWORD}
        token = httpx.post(f"{base}/auth/token", json=login).json()["access_token"]
        return httpx.get(f"{base}/players", headers={"Authorization": f"Bearer {token}"}).status_code

    return list_players


def opened(open_page: Open, site: Site, section: str = "Requests", **options: Any) -> Page:
    """The console with a section, signed in."""
    page = open_page(**options)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.issuer}/_emulator#{section.lower()}")
    page.get_by_role("button", name="Sign in").click()
    log_in(page)
    shown(page, section)
    return page


def shown(page: Page, name: str) -> None:
    """Wait until the section is there, with all that it reads."""
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("section[aria-busy]")).to_have_count(0)


def section(page: Page, name: str) -> None:
    """Go to a section."""
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    shown(page, name)


def said(page: Page, text: str) -> None:
    """Wait until the page says this."""
    expect(page.locator("#said")).to_contain_text(text)


def make_sandbox(page: Page) -> None:
    """Make the sandbox job-1, which is operated then."""
    section(page, "Sandboxes")
    page.get_by_label("Name").fill("job-1")
    page.get_by_label("Lives for").fill("PT2H")
    page.get_by_role("button", name="Make it").click()
    said(page, "job-1 is operated now.")
    expect(page.get_by_label("Sandbox", exact=True)).to_have_value("job-1")


def row(page: Page, text: str) -> Locator:
    """The row of the table of requests that has this text."""
    return page.get_by_role("region", name="Requests").get_by_role("row", name=text)


def test_a_fault_is_switched_on_and_what_it_does_is_watched(open_page: Open, site: Site, send: Send) -> None:
    page = opened(open_page, site)
    make_sandbox(page)
    section(page, "Faults")
    page.get_by_label("On", exact=True).select_option("/auth/**")
    page.get_by_label("On", exact=True).select_option("/players/**")
    page.get_by_role("switch", name="Unavailable (503)").click()
    said(page, "fault-1 is on.")
    section(page, "Requests")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert send() == 503
    expect(row(page, "503 GET /players")).to_contain_text("fault-1")
    row(page, "503 GET /players").get_by_role("button").click()
    detail = page.get_by_role("complementary")
    expect(detail).to_contain_text("x-emulator-fault-applied")
    expect(detail).to_contain_text('"authorization": "[masked]"')
    section(page, "Faults")
    switch = page.get_by_role("switch", name="Unavailable (503)")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    said(page, "fault-1 is off.")
    expect(switch).to_have_attribute("aria-checked", "false")
    assert send() == 200


def test_the_clock_is_advanced_and_the_sandbox_reset(open_page: Open, site: Site, send: Send) -> None:
    page = opened(open_page, site)
    make_sandbox(page)
    assert send() == 200
    section(page, "Clock")
    page.get_by_role("button", name="1 day").click()
    said(page, "1 fell due")
    expect(page.get_by_text("P1D from real time")).to_be_visible()
    section(page, "Sandboxes")
    page.get_by_role("button", name="Reset job-1").click()
    said(page, "job-1 is as its seed has it.")
    section(page, "Clock")
    expect(page.get_by_text("Running, with real time")).to_be_visible()
    make_sandbox(page)  # there is one: it asks first
    page.get_by_role("button", name="Delete job-1").click()
    said(page, "job-1 is gone.")
    expect(page.get_by_label("Sandbox", exact=True)).to_have_value("default")


def test_a_limit_is_set_and_a_rule_of_ones_own_made(open_page: Open, site: Site) -> None:
    page = opened(open_page, site, "Faults")
    page.get_by_label("Requests", exact=True).fill("3")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("3 requests in PT1M for each client.")).to_be_visible()
    page.get_by_label("A rule of your own (JSON)").fill('{"faults": [{"status": 99}]}')
    page.get_by_role("button", name="Add it").click()
    said(page, "faults.0.status")
    page.get_by_label("A rule of your own (JSON)").fill('{"faults": [{"delay_ms": 5}], "times": 2}')
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("row", name="fault-1")).to_contain_text("delay_ms")


def test_a_state_is_taken_away_and_brought_back(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = opened(open_page, site)
    make_sandbox(page)
    section(page, "State")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a document").click()
    document = tmp_path / "job-1.json"
    download.value.save_as(document)
    page.get_by_label("A document to take up").set_input_files(document)
    page.get_by_role("button", name="Take it up").click()
    said(page, "job-1 has the state of job-1.json.")


def test_it_takes_nothing_but_keys(open_page: Open, site: Site) -> None:
    page = opened(open_page, site, "Faults")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(20):
        if page.evaluate("document.activeElement.role") == "switch":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    said(page, "fault-1 is on.")
    expect(page.locator(":focus")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("Enter")
    said(page, "fault-1 is off.")


def test_whoever_may_not_operate_is_told_so(open_page: Open, site: Site) -> None:
    identity.store_seed(identity.seed_entry(scopes=["openid", "players:read"]))
    page = open_page()
    page.goto(f"{site.issuer}/_emulator")
    page.get_by_role("button", name="Sign in").click()
    log_in(page)
    expect(page.get_by_role("alert")).to_contain_text("emulator:admin")


@pytest.mark.parametrize("look", ["light-1280", "dark-1280", "light-390", "dark-390"])
def test_it_keeps_nobody_out(open_page: Open, site: Site, send: Send, look: str, tmp_path: Path) -> None:
    scheme, width = look.split("-")
    page = opened(open_page, site, viewport={"width": int(width), "height": 900}, color_scheme=scheme)
    make_sandbox(page)
    assert send() == 200
    for name in SECTIONS:
        section(page, name)
        if name == "Requests":
            row(page, "200 GET /players").get_by_role("button").click()
        file = Path(os.environ.get("SHOTS", tmp_path)) / f"{look}-{name}.png"
        page.screenshot(path=str(file), full_page=True)
        assert axe.faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
