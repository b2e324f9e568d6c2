"""The pages as a user meets them: with a keyboard, without scripts, in the dark, on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.browser.conftest import Open, Site, again_if_the_network_changed
from tests.browser.site import application
from tests.support import identity

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1000, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1000, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 320, "height": 640}},
    "phone-dark": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
    "high-contrast": {"forced_colors": "active"},
}


pytestmark = again_if_the_network_changed


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def log_in(page: Page, password: str = identity.PASSWORD) -> None:
    page.get_by_label("Username").fill(identity.USERNAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_keyboard_alone_logs_in_consents_and_logs_out(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type(identity.USERNAME)
    press(page, "Tab")
    page.keyboard.type(identity.PASSWORD)
    press(page, "Enter")
    heading(page, "Allow The Game?")
    press(page, "Tab", "Tab")
    expect(page.get_by_role("button", name="Allow")).to_be_focused()
    press(page, "Enter")
    page.wait_for_url(f"{site.app.callback}?**")
    assert sorted(site.app.answers[-1]) == ["code", "iss", "state"]
    assert site.app.answers[-1]["iss"] == site.issuer
    page.goto(site.logout(client_id="app", post_logout_redirect_uri=site.app.goodbye, state="bye"))
    heading(page, "Sign out?")
    press(page, "Tab", "Enter")
    page.wait_for_url(f"{site.app.goodbye}?state=bye")
    page.goto(site.authorize())
    heading(page, "Sign in")


def test_the_keyboard_chooses_a_user_whose_password_is_documented(open_page: Open, site: Site) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(site.authorize())
    press(page, "Tab", "Tab", "Tab", "Tab")
    chosen = page.get_by_role("region", name="Users of this emulator").get_by_role("button")
    expect(chosen).to_be_focused()
    expect(chosen).to_have_accessible_name(f"{identity.USERNAME} {identity.PASSWORD}")
    press(page, "Enter")
    heading(page, "Allow The Game?")


def test_what_has_the_focus_shows_it(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    for _ in range(4):
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"
        press(page, "Tab")


def test_all_of_it_works_without_scripts(open_page: Open, site: Site) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(site.authorize())
    log_in(page)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site.app.callback}?**")
    assert "code" in site.app.answers[-1]


def test_the_second_time_no_page_is_shown(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    log_in(page)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site.app.callback}?**")
    page.goto(site.authorize(state="again"))
    assert page.url.startswith(site.app.callback)
    assert site.app.answers[-1]["state"] == "again"


def test_a_wrong_password_is_told_beside_the_fields(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    log_in(page, "nope")
    expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
    expect(page.get_by_label("Username")).to_have_value("testuser")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_accessible_description(
        "The username or the password is wrong."
    )
    expect(page).to_have_title("Error: Sign in · PSN Partner Emulator")
    log_in(page)
    heading(page, "Allow The Game?")


def test_a_lock_out_says_how_long_it_lasts(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    for _ in range(10):
        log_in(page, "nope")
        expect(page.get_by_role("alert")).to_be_visible()
    log_in(page)
    expect(page.get_by_role("alert")).to_have_text("Too many failed attempts. Try again in 15 min.")


@pytest.mark.parametrize("button", ["Cancel", "Deny"])
def test_who_says_no_goes_back_with_that(open_page: Open, site: Site, button: str) -> None:
    page = open_page()
    page.goto(site.authorize())
    if button == "Deny":
        log_in(page)
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{site.app.callback}?**")
    assert site.app.answers[-1]["error"] == "access_denied"
    assert site.app.answers[-1]["state"] == "state-1"


def test_another_account_may_be_used(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    log_in(page)
    page.get_by_role("link", name="Use another account").click()
    heading(page, "Sign in")


def test_an_application_may_send_its_user_on_to_another_host(open_page: Open, site: Site) -> None:
    with application() as elsewhere:
        site.app.home = elsewhere.callback
        page = open_page()
        page.goto(site.authorize())
        log_in(page)
        page.get_by_role("button", name="Allow").click()
        page.wait_for_url(elsewhere.callback)


def test_a_form_of_another_site_finds_the_session(open_page: Open, site: Site) -> None:
    page = open_page()
    page.goto(site.authorize())
    log_in(page)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{site.app.callback}?**")
    query = site.authorize(state="posted").partition("?")[2]
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{value}">'
        for name, value in (pair.split("=") for pair in query.replace("+", " ").split("&"))
    )
    action = f"{site.issuer}/auth/authorize"
    page.set_content(f'<form method="post" action="{action}">{fields}<button>Go</button></form>')
    page.evaluate("document.querySelectorAll('input').forEach(i => i.value = decodeURIComponent(i.value))")
    page.get_by_role("button", name="Go").click()
    page.wait_for_url(f"{site.app.callback}?**state=posted**")
    assert "code" in site.app.answers[-1]


def test_a_page_in_a_frame_stays_empty(open_page: Open, site: Site) -> None:
    page = open_page(expect_errors=True)
    page.goto(f"{site.app.url}/")
    page.set_content(f'<iframe src="{site.authorize()}" title="x"></iframe>')
    page.wait_for_load_state("networkidle")
    assert page.frames[1].locator("form").count() == 0


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_no_page_has_a_fault_that_axe_knows(open_page: Open, site: Site, look: dict[str, Any]) -> None:
    page = open_page(**look)
    page.goto(site.authorize())
    assert_accessible(page, "Sign in")
    log_in(page, "nope")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_accessible(page, "Sign in")
    log_in(page)
    assert_accessible(page, "Allow The Game?")
    page.goto(site.logout())
    assert_accessible(page, "Sign out?")
    page.get_by_role("button", name="Sign out").click()
    assert_accessible(page, "You are signed out")
    page.goto(site.authorize(client_id="nobody"))
    assert_accessible(page, "This did not work")


def assert_accessible(page: Page, title: str) -> None:
    """Axe finds nothing, nothing is cut off, and everything to press is large enough."""
    heading(page, title)
    assert axe.faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for target in page.locator("button, input:not([type=hidden])").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
