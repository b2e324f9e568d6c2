"""How a function waits: for what is to come, where it looks, and looks again after a pause; or for a time.

On Lambda it sleeps in the pause. Who serves many callers by few processes lets the function break off there, by
:func:`resumable`, and carries it out anew after the pause. So what comes before a pause does nothing but read, or is
done :func:`once`, and reckons by :func:`began`, which stays the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import sleep
from typing import Any


@dataclass(frozen=True, slots=True)
class _Run:
    """A function that may break off: when it was begun first, and what it has done once."""

    began: float
    kept: dict[str, Any]


_run: ContextVar[_Run | None] = ContextVar("run", default=None)


class UnfinishedError(BaseException):
    """The function is to be carried out anew, ``seconds`` from now, with what it has ``kept``: nothing where it only
    looks again."""

    def __init__(self, seconds: float, kept: Mapping[str, Any] | None = None) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.kept = kept or {}


def began() -> float:
    """When the wait began, by ``time.monotonic``: now, or when what is carried out anew was begun first."""
    run = _run.get()
    return time.monotonic() if run is None else run.began


def pause(seconds: float) -> None:
    """Let so many seconds pass; raises :class:`UnfinishedError` within :func:`resumable`."""
    if _run.get() is not None:
        raise UnfinishedError(seconds)
    sleep(seconds)


def once[T](name: str, make: Callable[[], T]) -> T:
    """What ``make`` returns; after :func:`pause_once` what it returned before, under the same ``name``. It can be
    pickled."""
    run = _run.get()
    if run is None:
        return make()
    if name not in run.kept:
        run.kept[name] = make()
    made: T = run.kept[name]
    return made


def pause_once(name: str, seconds: float) -> None:
    """Let so many seconds pass; raises :class:`UnfinishedError` within :func:`resumable`, the first time."""
    run = _run.get()
    if run is None:
        sleep(seconds)
    elif name not in run.kept:
        raise UnfinishedError(seconds, {**run.kept, name: seconds})


@contextmanager
def resumable(first: float, kept: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Meanwhile have what waits break off; ``first`` is when it was begun first, by ``time.monotonic``, ``kept`` what
    the last one that broke off has kept."""
    token = _run.set(_Run(first, dict(kept or {})))
    try:
        yield
    finally:
        _run.reset(token)
