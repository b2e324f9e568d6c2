"""The page of a local stack's dashboard, of recorded logs, as a user meets it: in the dark, on a phone, by keyboard."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from infrastructure.cloud import recorded_metrics
from infrastructure.commands import dashboard_data, dashboard_server
from infrastructure.errors import DeployError
from infrastructure.stack import dashboard
from infrastructure.stack.loading import load_settings
from tests.browser import axe
from tests.browser.conftest import Open, again_if_the_network_changed
from tests.browser.test_login_page import LOOKS
from tests.support import recorded_logs

pytestmark = again_if_the_network_changed
SETTINGS = load_settings("local")


class Logs:
    """What the stack's logs tell: ``failing`` for them to say nothing."""

    failing = False
    asked = 0

    def read(self) -> dict[str, Any]:
        """What the page draws."""
        self.asked += 1
        if self.failing:
            raise DeployError("The AWS of stack 'local' does not answer.")
        return dashboard_data.read(SETTINGS)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    """The logs of an hour."""
    monkeypatch.setattr(recorded_metrics, "read", lambda *_: recorded_logs.of_an_hour(datetime.now(UTC)))
    monkeypatch.setattr(dashboard_data, "_release", lambda _: "20261121-085101-0123abcd")
    return Logs()


@pytest.fixture
def url(logs: Logs) -> Iterator[str]:
    """Where the page is."""
    with dashboard_server.server(logs.read) as running:
        thread = Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def opened(open_page: Open, url: str, **how: Any) -> Page:
    """The page, once it has drawn; its clock stands until a test lets it go on."""
    page = open_page(**how)
    page.clock.install()
    page.goto(url)
    expect(page.get_by_role("status")).to_have_text("Release 20261121-085101-0123abcd")
    return page


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_the_dashboard_has_no_fault_that_axe_knows(open_page: Open, url: str, look: dict[str, Any]) -> None:
    page = opened(open_page, url, **look)
    titles = [widget.title for widget in dashboard.widgets(SETTINGS)]
    assert [text.partition(" ")[0] for text in page.get_by_role("heading", level=2).all_inner_texts()] == [
        title.partition(" ")[0] for title in titles
    ]
    chart = "Requests, requests a minute; latest all 3, 4xx 1, 5xx 0"
    expect(page.get_by_role("img", name=chart, exact=True)).to_be_visible()
    assert axe.faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.get_by_role("button").bounding_box()
    assert box is not None
    assert box["height"] >= 44


def test_the_keyboard_alone_stops_the_page_and_lets_it_go_on(open_page: Open, url: str, logs: Logs) -> None:
    page = opened(open_page, url)
    with page.expect_response("**/data"):
        page.clock.run_for(5000)
    page.keyboard.press("Tab")
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    page.keyboard.press("Enter")
    expect(pause).to_have_attribute("aria-pressed", "true")
    asked = logs.asked
    page.clock.run_for(60_000)
    assert logs.asked == asked
    with page.expect_response("**/data"):
        page.keyboard.press("Space")
    expect(pause).to_have_attribute("aria-pressed", "false")
    expect(pause).to_be_focused()


def test_what_the_page_reads_again_is_drawn_where_the_reader_is_and_not_read_out(
    open_page: Open, url: str, logs: Logs
) -> None:
    page = opened(open_page, url, viewport={"width": 320, "height": 640})
    page.evaluate("""() => {
      window.said = 0;
      const count = () => { window.said += 1; };
      new MutationObserver(count).observe(document.getElementById("state"), { childList: true, subtree: true });
    }""")
    page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    place = page.evaluate("scrollY")
    assert place > 0
    with page.expect_response("**/data"):
        page.clock.run_for(5000)
    expect(page.get_by_role("heading", level=2).first).to_be_attached()
    assert (page.evaluate("window.said"), page.evaluate("scrollY")) == (0, place)


def test_logs_that_cannot_be_read_are_told(open_page: Open, url: str, logs: Logs) -> None:
    page = opened(open_page, url, expect_errors=True)
    logs.failing = True
    page.clock.run_for(5000)
    expect(page.get_by_role("status")).to_have_text(
        "The logs cannot be read: The AWS of stack 'local' does not answer."
    )
