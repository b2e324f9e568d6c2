"""What a rule of faults answers, in a browser that is logged in at the same origin."""

import pytest

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
