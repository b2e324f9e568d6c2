"""A stack with faults, and no time that is slept."""

from collections.abc import Callable
from typing import Any

import pytest

from services.sandboxes.opening import opened
from tests.support.gateway import Answer, Gateway, open_session
from utils import waiting
from utils.sandbox import Sandbox
from utils.settings import settings

type Rule = Callable[..., Any]


@pytest.fixture
def faults(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are on."""
    monkeypatch.setenv("FAULTS", "true")
    settings.cache_clear()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long requests were delayed, in seconds, which takes no time here."""
    found: list[float] = []
    monkeypatch.setattr(waiting, "sleep", found.append)
    return found


@pytest.fixture
def ci() -> Sandbox:
    """The sandbox ``ci-7``."""
    return opened("ci-7")


@pytest.fixture
def caller(faults: None, slept: list[float], ci: Sandbox) -> Gateway:
    """A caller of ``ci-7``, of its ``/_emulator`` too."""
    return Gateway(open_session(ci))


@pytest.fixture
def rule(caller: Gateway) -> Rule:
    """Makes a rule in ``ci-7`` of ``faults`` and what else is said; what is told of it."""

    def make(*steps: Any, **said: Any) -> Any:
        answer: Answer = caller.post("/_emulator/faults", {"faults": list(steps), **said})
        assert answer.status == 201, answer.text
        return answer.data

    return make
