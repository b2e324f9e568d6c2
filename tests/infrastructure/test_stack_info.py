"""What a stack says of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from infrastructure import stack_info, workspace
from infrastructure.errors import DeployError

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STACK = "urn:pulumi:local::psn-emulator::pulumi:pulumi:Stack::psn-emulator-local"


@dataclass(frozen=True)
class Engine:
    """An engine that made updates; like the real one it tells ten of them unless asked for more."""

    updates: int

    def history(self, page_size: int = 10) -> list[Any]:
        """The newest updates."""
        numbers = range(self.updates, 0, -1)
        return [
            SimpleNamespace(
                version=0,
                kind="refresh" if number == 2 else "update",
                start_time=START,
                end_time=START,
                result="succeeded",
                message=f"20260102-0304{number:02}-0123abcd deploy",
            )
            for number in numbers
        ][:page_size]


@pytest.fixture
def twelve_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack with twelve updates."""

    @contextmanager
    def opened(_: str, *, may_create: bool) -> Iterator[Engine]:
        assert not may_create
        yield Engine(12)

    monkeypatch.setattr(workspace, "opened", opened)
    monkeypatch.setattr(workspace, "resources", lambda _: {})


def test_the_history_holds_every_update_under_its_own_number(twelve_updates: None) -> None:
    updates = stack_info.history("local")
    assert [update.version for update in updates] == list(range(12, 0, -1))
    assert updates[0].tag == "20260102-030412-0123abcd"


def test_a_refresh_releases_nothing(twelve_updates: None) -> None:
    refresh = next(update for update in stack_info.history("local") if update.kind == "refresh")
    assert (refresh.version, refresh.tag) == (2, "")


def test_outputs_are_those_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {STACK: {"type": "pulumi:pulumi:Stack", "outputs": {"image_tag": "t", "releases": []}}}
    monkeypatch.setattr(workspace, "resources", lambda _: state)
    assert stack_info.outputs("local") == {"image_tag": "t"}


def test_a_stack_without_outputs_is_an_error_that_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace, "resources", lambda _: {})
    with pytest.raises(DeployError) as refused:
        stack_info.outputs("local-two")
    assert refused.value.remedy == "Deploy it first: make deploy STACK=local-two"
