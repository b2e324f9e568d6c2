"""A stack that keeps a journal, and its time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.emulation import journal_keys, journal_reading, journal_writing
from tests.support.journal import Journal, kept


@pytest.fixture
def journal(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """The default sandbox's journal, empty."""
    with kept(monkeypatch):
        yield Journal()


class Time:
    """Real time as the journal takes it, in microseconds since 1970, that can be moved."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def now(self) -> int:
        """The present moment."""
        return journal_keys.now() + journal_keys.microseconds(self.moved)

    def move(self, **duration: float) -> None:
        """Let time pass; with a minus, go back."""
        self.moved += timedelta(**duration)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The journal's time."""
    moved = Time()
    for module in (journal_reading, journal_writing):
        monkeypatch.setattr(module, "now", moved.now)
    return moved
