"""Measures the time of each phase of a command."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Phases:
    """The seconds of each phase by name, in the order in which they began.

    One phase is measured at a time, so the seconds add up to the time that passed. ``clock`` returns seconds.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _name: str = ""
    _since: float = 0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Counts the time of the block as ``name``, and the time after it as the phase before the block."""
        outer = self._name
        self.enter(name)
        try:
            yield
        finally:
            self.enter(outer)

    def enter(self, name: str) -> None:
        """Counts the time from now on as ``name``; an empty name counts as no phase."""
        now = self.clock()
        if self._name:
            self.seconds[self._name] += now - self._since
        self._name, self._since = name, now
        if name:
            self.seconds.setdefault(name, 0)

    def __str__(self) -> str:
        parts = [f"{name} {taken:.1f} s" for name, taken in self.seconds.items()]
        return f"{', '.join(parts)}; {sum(self.seconds.values()):.1f} s in all"
