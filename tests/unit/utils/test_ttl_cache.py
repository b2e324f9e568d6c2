"""A cached value is read once in a while."""

from datetime import timedelta

import pytest

from utils import ttl_cache
from utils.ttl_cache import TTLCache


class Source:
    """Counts how often it is read, in a time of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = 0
        self.seconds = 0.0
        self.fault: Exception | None = None
        monkeypatch.setattr(ttl_cache, "monotonic", lambda: self.seconds)

    def read(self) -> int:
        """How often this was called."""
        self.reads += 1
        if self.fault:
            raise self.fault
        return self.reads


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    """A source in a time that stands still."""
    return Source(monkeypatch)


def test_it_is_read_again_when_its_lifetime_is_over(source: Source) -> None:
    value = TTLCache(source.read, timedelta(seconds=10))
    assert [value(), value()] == [1, 1]
    source.seconds = 9.9
    assert value() == 1
    source.seconds = 10.0
    assert [value(), value()] == [2, 2]


def test_it_is_not_read_before_it_is_asked_for(source: Source) -> None:
    TTLCache(source.read, timedelta(seconds=10))
    assert source.reads == 0


def test_it_can_be_forgotten(source: Source) -> None:
    value = TTLCache(source.read, timedelta(seconds=10))
    value()
    value.cache_clear()
    assert value() == 2


def test_a_failure_is_not_cached(source: Source) -> None:
    value = TTLCache(source.read, timedelta(seconds=10))
    source.fault = ValueError("unreadable")
    with pytest.raises(ValueError, match="unreadable"):
        value()
    source.fault = None
    assert value() == 2
