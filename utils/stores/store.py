"""What the stores behind ``utils.table`` have in common."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import SystemRandom
from typing import Protocol

from utils.attributes import Item
from utils.writes import Delete, Key, Put, Update, Write

type Snapshot = Mapping[Key, Item]
"""Items that were read together, by key; a key without an item is not in it."""

ATTEMPTS = 12
"""How often a write that collides with another is tried before the caller is told to come back."""

_PAUSE_SECONDS = 0.4


class ConditionFailedError(Exception):
    """What is stored is not what a write depends on; nothing was written.

    ``failed`` holds the positions of the writes whose condition did not hold, in the order they were given, from 0.
    """

    def __init__(self, failed: Iterable[int] = (0,)) -> None:
        super().__init__("the condition of a write did not hold")
        self.failed = frozenset(failed)


class Store(Protocol):
    """A store, which is a module with these functions; ``utils.table`` says what each promises.

    Keys that are read are no longer than DynamoDB takes, and those of ``get_many`` differ from each other.
    """

    def prepare(self, *, hurried: bool = False) -> None:
        """Get ready what the first call needs, and the first ``hurried`` one."""

    def get(self, key: Key, *, hurried: bool = False) -> Item | None:
        """One item."""

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Items by key."""

    def query(
        self,
        pk: str,
        *,
        limit: int,
        after: str | None = None,
        index: str | None = None,
        prefix: str = "",
        descending: bool = False,
    ) -> list[Item]:
        """Items of a partition."""

    def write(self, change: Put | Update | Delete, *, hurried: bool = False) -> Item:
        """One change."""

    def transact(self, writes: Sequence[Write]) -> None:
        """All changes or none."""

    def write_many(self, changes: Sequence[Put | Delete]) -> None:
        """Changes without conditions."""


def attempts() -> Iterator[int]:
    """Count attempts, pausing between them for a random while up to a growing bound ("full jitter")."""
    for attempt in range(ATTEMPTS):
        if attempt:
            _pause(SystemRandom().uniform(0, min(_PAUSE_SECONDS, 0.01 * 2**attempt)))
        yield attempt


def _pause(seconds: float) -> None:
    time.sleep(seconds)
