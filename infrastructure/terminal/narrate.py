"""What set-up tells its reader: one line for what it does and why, and a sign of life while that takes time.

Everything goes to standard error, so that what a command prints for machines stays alone on standard output.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

FIRST_SIGN_SECONDS = 2.0
"""How long a step may take before it shows that it is alive."""

SIGN_SECONDS = 10.0
"""How often a step says so where no terminal shows a live line."""


@dataclass(slots=True)
class Step:
    """Something under way. Its ``detail``, such as ``312 packages``, may be set while it runs."""

    title: str
    started: float
    detail: str = ""

    def line(self, now: float) -> str:
        """The sign of life at the monotonic time ``now``."""
        detail = f", {self.detail}" if self.detail else ""
        return f"{self.title} ({duration(now - self.started)}{detail})"


class _Board:
    """The steps under way in all threads: a class because one live line must show them all.

    One background thread serves the board, and only while there are steps.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._steps: list[Step] = []
        self._thread: threading.Thread | None = None

    def add(self, step: Step) -> None:
        with self._changed:
            self._steps.append(step)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="narration", daemon=True)
                self._thread.start()

    def remove(self, step: Step) -> None:
        """Returns when the live line no longer shows the step: what follows may write there."""
        with self._changed:
            self._steps.remove(step)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._steps or not self._thread)

    def _serve(self) -> None:
        live = _live_line() if sys.stderr.isatty() else None
        said: dict[int, float] = {}
        with self._changed:
            while self._steps:
                self._changed.wait(0.2)
                now = time.monotonic()
                slow = [step for step in self._steps if now - step.started >= FIRST_SIGN_SECONDS]
                if live:
                    _show(live, [step.line(now) for step in slow])
                    continue
                for step in slow:
                    if now - said.get(id(step), step.started) >= SIGN_SECONDS:
                        said[id(step)] = now
                        say(f"  … {step.line(now)}")
            if live:
                live.stop()
            self._thread = None
            self._changed.notify_all()


_board = _Board()


def say(line: str) -> None:
    """Prints one line to standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def progress(title: str, why: str = "") -> Iterator[Step]:
    """Says ``title`` and ``why`` on one line, then shows that the block is alive while it runs.

    On a terminal that is a live line with the time since the start, elsewhere a plain line every ten seconds.
    """
    say(f"{title}: {why}" if why else title)
    step = Step(title, time.monotonic())
    _board.add(step)
    try:
        yield step
    finally:
        _board.remove(step)


def duration(seconds: float) -> str:
    """A time for people: ``8 s``, ``2 min 05 s``."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


def counter(step: Step, what: str) -> Callable[[str], None]:
    """A taker of output lines that shows their number as the step's detail: ``312 packages``."""
    seen = 0

    def count(_: str) -> None:
        nonlocal seen
        seen += 1
        step.detail = f"{seen} {what}"

    return count


@cache
def console() -> "Console":
    """The one console of all that is shown live: two would write over one another."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _live_line() -> "Status":
    return console().status("")


def _show(live: "Status", lines: list[str]) -> None:
    if lines:
        live.update("; ".join(lines).replace("[", r"\["))
        live.start()
