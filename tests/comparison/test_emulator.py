"""Our own script against the API in process, so that it stays right between the runs against a deployed stack."""

from collections.abc import Iterator

import pytest

from tests.browser.site import API, BASE, serving
from tests.comparison import emulator
from tests.comparison.scenarios import SCENARIOS, Scenario
from tests.support import identity
from tests.support.sample_sending import store_local_seed
from utils.settings import settings

IN_PROCESS = ("expired_token", "unavailable_twice", "lost_response")
"""What needs neither several processes nor seconds."""


@pytest.fixture
def url(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the API is served."""
    with serving(API) as port:
        base = f"http://127.0.0.1:{port}{BASE}"
        for variable, value in {"ISSUER": base, "TRUSTED_ISSUER": base, "FAULTS": "true"}.items():
            monkeypatch.setenv(variable, value)
        identity.publish(monkeypatch, identity.KEY)
        identity.store_keys(identity.KEY)
        store_local_seed()
        settings.cache_clear()
        yield base


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.name in IN_PROCESS],
    ids=lambda scenario: scenario.name,
)
def test_a_scenario_comes_to_all_that_it_asks(url: str, scenario: Scenario) -> None:
    noted = getattr(emulator, scenario.name)(url)
    assert scenario.verdict(noted) == "yes", noted
