"""How a function waits for what is to come: it looks, and looks again after a pause.

On Lambda it sleeps in the pause. Who serves many callers by few processes lets the function break off there, by
:func:`resumable`, and carries it out anew after the pause; such a function does nothing but read, and reckons by
:func:`began`, which stays the same.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_began: ContextVar[float | None] = ContextVar("began", default=None)


class UnfinishedError(BaseException):
    """The function has to look again, ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def began() -> float:
    """When the wait began, by ``time.monotonic``: now, or when what is carried out anew was begun first."""
    first = _began.get()
    return time.monotonic() if first is None else first


def pause(seconds: float) -> None:
    """Let so many seconds pass; raises :class:`UnfinishedError` within :func:`resumable`."""
    if _began.get() is not None:
        raise UnfinishedError(seconds)
    time.sleep(seconds)


@contextmanager
def resumable(first: float) -> Iterator[None]:
    """Meanwhile have what waits break off; ``first`` is when it was begun first, by ``time.monotonic``."""
    token = _began.set(first)
    try:
        yield
    finally:
        _began.reset(token)
