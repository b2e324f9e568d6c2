"""The console's page and files; what the page does is in ``tests/browser``."""

import re
from pathlib import Path

import pytest

from services.identity.accounts import find_client
from services.identity.seed import console_client
from tests.support import identity
from tests.support.gateway import Gateway
from utils.sandbox import DEFAULT
from utils.settings import settings


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack without routes that operate the emulator."""
    monkeypatch.setenv("SANDBOXES", "off")


@pytest.mark.parametrize("prefix", ["", "/s/job-1"])
def test_it_operates_the_sandbox_of_its_url(prefix: str) -> None:
    page = Gateway().get(f"{prefix}/_emulator")
    assert page.status == 200
    assert f'data-base="{settings().issuer}{prefix}"' in page.text
    assert f'data-sandbox="{prefix.removeprefix("/s/") or "default"}"' in page.text


def test_all_that_it_asks_for_is_served(project: Path) -> None:
    page = Gateway().get("/_emulator").text
    files = set(re.findall(r'(?:href|src)="_emulator/console/([\w.-]+)"', page))
    scripts = {path.name: path.read_text() for path in (project / "handlers" / "console_files").glob("*.js")}
    files |= {name for text in scripts.values() for name in re.findall(r'from "\./([\w.-]+)"', text)}
    assert files >= scripts.keys()
    for name in files:
        answer = Gateway().get(f"/_emulator/console/{name}")
        assert answer.status == 200, name
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript"))


@pytest.mark.parametrize("name", ["console.html", "console.py", "..%2Fpages.py", "openapi.json"])
def test_nothing_else_is(name: str) -> None:
    assert Gateway().get(f"/_emulator/console/{name}").status == 404


def test_it_may_ask_no_other_host() -> None:
    policy = Gateway().get("/_emulator").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy


def test_its_client_comes_back_to_it_and_may_nothing_but_operate(the_table: str) -> None:
    identity.store_seed()
    client = find_client(DEFAULT, "psn-emulator-console")
    assert client == console_client(DEFAULT)
    assert client.redirect_uris == (f"{settings().issuer}/_emulator",)
    assert client.scopes == ("emulator:admin",)


@pytest.mark.usefixtures("off")
def test_a_stack_that_is_not_operated_has_neither_page_nor_client(the_table: str) -> None:
    identity.store_seed()
    assert Gateway().get("/_emulator").code == "not_found"
    assert Gateway().get("/_emulator/console/console.js").code == "not_found"
    assert find_client(DEFAULT, "psn-emulator-console") is None
