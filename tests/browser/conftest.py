"""A Chromium before the login page, and what it must never do there."""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser import chromium
from tests.browser.site import API, BASE, Application, application, serving
from tests.support import identity, user_agent

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; a module's own, because Playwright keeps the thread's event loop while it runs."""
    with sync_playwright() as playwright:
        executable = chromium.ensure(Path(playwright.chromium.executable_path))
        with playwright.chromium.launch(executable_path=executable) as running:
            yield running


_HAS_STATUS = re.compile(r"/auth/|/_emulator/(?!console/)")
_NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
_LOST = pytest.StashKey[list[str]]()


def _network_changed(error: BaseException) -> bool:
    """Whether Chromium broke a request off because the machine got or lost an address, as it does with each container
    that starts or ends."""
    return any(_NETWORK_CHANGED in said for said in (str(error), *getattr(error, "__notes__", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Notes on what a test failed of the requests that its pages lost: it may be for them that it waited in vain."""
    try:
        return (yield)
    except BaseException as error:
        for request in item.stash.get(_LOST, []):
            error.add_note(request)
        raise


again_if_the_network_changed = pytest.mark.flaky(reruns=3, condition=_network_changed)


type Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens pages in a fresh browser context; at the end none has asked a foreign host, lost the network or logged an
    error, unless it was to be expected."""
    complaints: list[str] = []
    lost: list[str] = request.node.stash.setdefault(_LOST, [])
    lost.clear()
    contexts = []

    def open_one(*, expect_errors: bool = False, **options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        if not expect_errors:
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: complaints.extend(_errors(line)))
        page.on("request", lambda request: complaints.extend(_foreign(request.url)))
        page.on("requestfailed", lambda request: lost.extend(_lost(request)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints + lost, "\n".join(complaints + lost)


def _errors(line: ConsoleMessage) -> list[str]:
    """What is wrong by a line of the console; that a page, or what is read for it, has a status of its own is not."""
    is_status = line.text.startswith("Failed to load resource") and _HAS_STATUS.search(line.location["url"])
    return [f"{line.text} {line.location['url']}"] if line.type == "error" and not is_status else []


def _foreign(url: str) -> list[str]:
    own = ("http://localhost:", "http://127.0.0.1:", "data:", "about:")
    return [] if url.startswith(own) else [f"asked {url}"]


def _lost(request: Request) -> list[str]:
    return [f"{_NETWORK_CHANGED} {request.url}"] if request.failure == _NETWORK_CHANGED else []


@dataclass(frozen=True)
class Site:
    """The identity provider, and an application of a client of it."""

    issuer: str
    app: Application

    def authorize(self, **changes: Any) -> str:
        """The URL of an authorization request with ``changes``; ``...`` takes a parameter away."""
        request = user_agent.authorize(**{"redirect_uri": self.app.callback, **changes})
        return f"{self.issuer}{request}"

    def logout(self, **parameters: str) -> str:
        """The URL of a logout request."""
        return f"{self.issuer}/auth/logout?{urlencode(parameters)}"


@pytest.fixture
def site(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The identity provider with the default user and one public client, over HTTP."""
    with serving(API) as port, application() as app:
        issuer = f"http://localhost:{port}{BASE}"
        monkeypatch.setenv("ISSUER", issuer)
        monkeypatch.setenv("TRUSTED_ISSUER", issuer)
        identity.publish(monkeypatch, identity.KEY)
        identity.store_keys(identity.KEY)
        game = user_agent.app(
            name="The Game", redirect_uris=[app.callback], post_logout_redirect_uris=[app.goodbye]
        )
        user = identity.seed_entry(documented_password=identity.PASSWORD)
        identity.store_seed(user, registered=[game])
        yield Site(issuer, app)
