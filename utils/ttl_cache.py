"""A value that is read once in a while instead of on every request."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic


class Remembered[T]:
    """Calls ``read`` at most once per ``lifetime`` and answers what it returned last.

    The lifetime is this process's own time, not a sandbox's. What ``read`` raises is raised, and not remembered.
    """

    def __init__(self, read: Callable[[], T], lifetime: timedelta) -> None:
        self._read = read
        self._lifetime = lifetime.total_seconds()
        self._kept: tuple[float, T] | None = None

    def __call__(self) -> T:
        """The value, at most ``lifetime`` old."""
        present = monotonic()
        if self._kept is None or present >= self._kept[0]:
            self._kept = present + self._lifetime, self._read()
        return self._kept[1]

    def cache_clear(self) -> None:
        """Forget the value."""
        self._kept = None
