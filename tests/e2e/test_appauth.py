"""AppAuth-JS as it comes, as a native app of the deployed API; what its script tells."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bases import url
from tests.support import node
from tests.support.checkout import ROOT, free_port

__all__ = ["url"]

PACKAGE = Path(__file__).with_name("appauth")
BROWSER = f"""#!{sys.executable}
import sys
import httpx
sys.path.insert(0, {str(ROOT)!r})
from tests.e2e.login_page import log_in
httpx.get(log_in(sys.argv[1]))
"""
"""What opens in place of the system's browser: it logs in and goes where it is sent, which is the app."""


@pytest.fixture(scope="module")
def told(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of discovery, a login with code and PKCE on a port that nobody registered, and of the tokens."""
    folder = node.installed(PACKAGE, tmp_path_factory.mktemp("appauth"))
    return native_app(folder, url)


def native_app(folder: Path, api: str) -> dict[str, Any]:
    """Runs the app that lies in ``folder`` against ``api``."""
    for name in ("xdg-open", "open"):
        browser = folder / "bin" / name
        browser.parent.mkdir(exist_ok=True)
        browser.write_text(BROWSER)
        browser.chmod(0o700)
    app = subprocess.run(
        [node.NODE, "--import", "tsx", "flow.mjs"],
        cwd=folder,
        env=os.environ
        | {"API": api, "PORT": str(free_port()), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert app.returncode == 0, app.stderr
    outcome: dict[str, Any] = json.loads(app.stdout.splitlines()[-1])
    return outcome


def test_an_app_gets_its_code_on_a_port_that_is_not_registered(told: dict[str, Any]) -> None:
    assert told["same_state"]
    assert told["valid"]


def test_userinfo_tells_who_logged_in(told: dict[str, Any]) -> None:
    assert told["userinfo"]["preferred_username"] == "testuser"


def test_a_refresh_may_repeat_the_scope_of_the_request(told: dict[str, Any]) -> None:
    assert told["rotated"]
    assert told["scope"].split() == ["openid", "profile", "offline_access", "players:read"]


def test_what_is_revoked_is_good_for_nothing(told: dict[str, Any]) -> None:
    assert told["revoked"]
    assert (told["refreshed_again"], told["userinfo_again"]) == ("Bad Request", "Unauthorized")
