"""Where the time of a command goes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Phases:
    """The seconds of each phase, in the order in which they began.

    Every moment belongs to one phase, so they add up to the time on the clock.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _name: str = ""
    _since: float = 0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Gives the time of the block to ``name``; what surrounds it goes on afterwards."""
        outer = self._name
        self.enter(name)
        try:
            yield
        finally:
            self.enter(outer)

    def enter(self, name: str) -> None:
        """From now on the time is that of ``name``; of nothing where it is empty."""
        now = self.clock()
        if self._name:
            self.seconds[self._name] += now - self._since
        self._name, self._since = name, now
        if name:
            self.seconds.setdefault(name, 0)

    def __str__(self) -> str:
        parts = [f"{name} {taken:.1f} s" for name, taken in self.seconds.items()]
        return f"{', '.join(parts)}; {sum(self.seconds.values()):.1f} s in all"
