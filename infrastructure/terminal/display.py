"""What is shown while something runs: lines that stay, and one live display of the steps under way.

All of it goes to standard error, so that what a command prints for machines stays alone on standard output.
"""

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

FIRST_SIGN_SECONDS = 2.0
"""How long a step of set-up may take before a terminal shows that it is alive."""

SIGN_SECONDS = 10.0
"""How long nothing may be said, where no terminal shows it, before a line says what is under way."""

_REFRESH_SECONDS = 0.1
_BAR_WIDTH = 24
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@dataclass(slots=True, eq=False)
class Step:
    """Something under way: one row of the display.

    ``detail`` says how far it is in words, such as ``312 packages``, and may be set at any time; ``done`` of
    ``total``, which is 0 while it is not known, is what the bar shows. A terminal shows the row once it has run for
    ``hidden_seconds``. Times are monotonic, in seconds; ``ended`` is ``None`` while the step is under way.
    """

    title: str
    detail: str = ""
    done: float = 0
    total: float = 0
    hidden_seconds: float = 0
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def advance(self, done: float, total: float, detail: str) -> None:
        """Sets how far the step is. It ends when all of a known total is done, and goes on when that grows."""
        self.done, self.total, self.detail = done, total, detail
        self.ended = (self.ended or time.monotonic()) if total and done >= total else None

    def end(self, detail: str) -> None:
        """Marks the step as successful; ``detail`` says how much it was."""
        self.detail, self.ended = detail, self.ended or time.monotonic()

    def line(self, now: float) -> str:
        """How far the step is at the monotonic time ``now``: ``Building (12 s, 312 packages)``."""
        detail = f", {self.detail}" if self.detail else ""
        return f"{self.title} ({duration(now - self.started)}{detail})"


class ProgressDisplay:
    """The steps under way in all threads of the process; a class because they share one terminal.

    A terminal shows them as rows with bars, which vanish at their end unless they are kept. Elsewhere a line says
    what is under way whenever nothing was said for ``SIGN_SECONDS``. One thread does either, while there are steps.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._steps: list[Step] = []
        self._thread: threading.Thread | None = None
        self._live: Live | None = None
        self._said_at = 0.0

    def say(self, line: str) -> None:
        """Prints a line that stays, above the rows of a terminal."""
        self._said_at = time.monotonic()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def add(self, step: Step) -> None:
        """Shows ``step`` from now on."""
        with self._changed:
            self._steps.append(step)
            if self._thread is None:
                self._said_at = time.monotonic()
                self._thread = threading.Thread(target=self._run, name="progress display", daemon=True)
                self._thread.start()

    def remove(self, steps: Iterable[Step], *, keep: bool = False) -> None:
        """Shows ``steps`` no more; ``keep`` leaves their rows on a terminal as they are now."""
        gone = list(steps)
        with self._changed:
            self._steps = [step for step in self._steps if step not in gone]
            if is_terminal():
                self._draw()
                if keep and gone:
                    _console().print(_table(gone, running=False), soft_wrap=False)
            self._changed.notify_all()

    def _run(self) -> None:
        with self._changed:
            while self._steps:
                if is_terminal():
                    self._draw()
                else:
                    self._give_sign()
                self._changed.wait(_REFRESH_SECONDS)
            self._thread = None

    def _give_sign(self) -> None:
        now = time.monotonic()
        running = [step.line(now) for step in self._steps if step.ended is None]
        if running and now - self._said_at >= SIGN_SECONDS:
            self.say(f"  … {'; '.join(running)}")

    def _draw(self) -> None:
        """Brings the rows up to date; ends the live display where there are none."""
        from rich.live import Live

        now = time.monotonic()
        visible = [step for step in self._steps if now - step.started >= step.hidden_seconds]
        if visible and self._live is None:
            self._live = Live(console=_console(), auto_refresh=False, transient=True, redirect_stdout=False)
            self._live.start()
        if visible and self._live:
            self._live.update(_table(visible, running=True), refresh=True)
        elif self._live:
            self._live.stop()
            self._live = None


DISPLAY = ProgressDisplay()
"""The display of this process: two would write over one another."""


def say(line: str) -> None:
    """Prints one line to standard error."""
    DISPLAY.say(line)


def warn(line: str) -> None:
    """Says what must not be missed: in bold red on a terminal, and with a mark that a reader of a log finds."""
    DISPLAY.say(f"\033[1;31mWARNING: {line}\033[0m" if is_terminal() else f"WARNING: {line}")


@contextmanager
def progress(title: str, why: str = "") -> Iterator[Step]:
    """Says ``title`` and ``why`` on one line, then shows the yielded step while the block runs."""
    say(f"{title}: {why}" if why else title)
    step = Step(title, hidden_seconds=FIRST_SIGN_SECONDS)
    DISPLAY.add(step)
    try:
        yield step
    finally:
        DISPLAY.remove([step])


def counter(step: Step, unit: str) -> Callable[[str], None]:
    """A listener to output lines that shows their number as the step's detail: ``312 packages``."""
    lines = itertools.count(1)

    def count(_: str) -> None:
        step.detail = f"{next(lines)} {unit}"

    return count


def duration(seconds: float) -> str:
    """A time for people: ``8 s``, ``2 min 05 s``."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


def is_terminal() -> bool:
    """Whether standard error is a terminal whose lines can be drawn anew."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


@contextmanager
def own_interrupts() -> Iterator[None]:
    """Has an interrupt from the terminal reach this process alone while the block runs: the make that started it would
    call it a failure. Does nothing without a terminal, and for a process that leads its group already."""
    group = os.getpgrp()
    if not sys.stdin.isatty() or group == os.getpid() or os.tcgetpgrp(sys.stdin.fileno()) != group:
        yield
        return
    # The terminal would stop a group in the background that takes it; a stopped one of our own make would wait for.
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTTOU, signal.SIGTSTP)}
    try:
        os.setpgid(0, 0)
        os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
        yield
    finally:
        os.tcsetpgrp(sys.stdin.fileno(), group)
        for number, handler in before.items():
            signal.signal(number, handler)


@cache
def _console() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _table(steps: Iterable[Step], *, running: bool) -> "Table":
    """The rows of ``steps``. One that did not end is under way while they are ``running``, else it failed."""
    from rich.progress_bar import ProgressBar
    from rich.table import Column, Table
    from rich.text import Text

    now = time.monotonic()
    spinner = _SPINNER[int(now / _REFRESH_SECONDS) % len(_SPINNER)]
    detail = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    table = Table.grid("", "", Column(width=_BAR_WIDTH), "", detail, padding=(0, 1), expand=True)
    for step in steps:
        seconds = (step.ended or now) - step.started
        ended, total = step.ended is not None, step.total or None
        table.add_row(
            Text("✓" if ended else spinner if running else "✗", "green" if ended else ""),
            Text(step.title),
            ProgressBar(1, 1) if ended else ProgressBar(total, step.done),
            Text(str(timedelta(seconds=int(seconds))), "yellow"),
            Text(step.detail),
        )
    return table
