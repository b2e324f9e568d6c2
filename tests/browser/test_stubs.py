"""What a rule of faults answers, met by a browser at the same origin, and by the stack itself."""

import httpx
import pytest

from routes import path_to
from services.sandboxes.opening import opened
from tests.browser.conftest import Open, Site, again_if_the_network_changed
from tests.support import identity
from tests.support.gateway import Gateway, open_session
from utils.settings import settings

pytestmark = again_if_the_network_changed


def test_the_script_of_a_stub_does_not_run(
    open_page: Open, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTS", "true")
    settings.cache_clear()
    identity.forget()
    fault = {
        "status": 200,
        "headers": {"Content-Type": "text/html"},
        "body": "<!doctype html><title>stub</title><p>seen</p><script>document.title = 'run'</script>",
    }
    rule = {"match": {"path": "/win"}, "faults": [fault]}
    assert Gateway(open_session(opened("evil"))).post("/s/evil/_emulator/faults", rule).status == 201
    page = open_page(expect_errors=True)
    page.goto(f"{site.issuer}/s/evil/win")
    assert (page.inner_text("p"), page.title()) == ("seen", "stub")


def test_keys_that_rotate_are_found_whatever_a_rule_makes_of_the_partners(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JWKS_URI", "TRUSTED_JWKS_URI"):
        monkeypatch.setenv(name, f"{site.issuer}{path_to('stack-keys')}")
    monkeypatch.setenv("FAULTS", "true")
    settings.cache_clear()
    identity.forget()

    def operator() -> dict[str, str]:
        login = {"username": identity.USERNAME, "password": identity.PASSWORD, "scope": "emulator:admin"}
        token = httpx.post(f"{site.issuer}/auth/token", json=login).json()["access_token"]
        return {"Authorization": f"Bearer {token}"}

    faults = f"{site.issuer}/_emulator/faults"
    rule = {"faults": [{"status": 200, "body": {"keys": []}}]}
    assert httpx.post(faults, json=rule, headers=operator()).status_code == 201
    identity.store_keys(identity.new_key("key-2"), identity.KEY)
    assert httpx.delete(faults, headers=operator()).status_code == 204
