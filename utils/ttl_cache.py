"""A value that is read once in a while instead of on every request."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic


class TTLCache[T]:
    """Calls ``read`` at most once per ``lifetime``, and answers what it returned last.

    The lifetime is by this process's own clock, not by a sandbox's. Exceptions of ``read`` are raised and not cached.
    """

    def __init__(self, read: Callable[[], T], lifetime: timedelta) -> None:
        self._read = read
        self._lifetime = lifetime.total_seconds()
        self._cached: tuple[float, T] | None = None
        """The value, after the time until which it holds."""

    def __call__(self) -> T:
        """The value, at most ``lifetime`` old."""
        now = monotonic()
        if self._cached is None or now >= self._cached[0]:
            self._cached = now + self._lifetime, self._read()
        return self._cached[1]

    def cache_clear(self) -> None:
        """Drop the value, so that the next call reads it anew."""
        self._cached = None
