"""An emulator for what asks one: the API in process, over HTTP."""

from collections.abc import Iterator

import pytest

from psn_partner_emulator.testing import Emulator
from tests.browser.site import local_stack


@pytest.fixture
def url(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base URL of the API, with the users and clients of a local stack."""
    for name in ("URL", "USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"PSN_EMULATOR_{name}", raising=False)
    for name in ("FAULTS", "JOURNAL"):
        monkeypatch.setenv(name, "true")
    with local_stack(monkeypatch) as url:
        yield url


@pytest.fixture
def emulator(url: str) -> Emulator:
    """The same, operated by its administrator."""
    return Emulator(url)
