"""Where progress is shown: bars that move on a terminal, lines that stay elsewhere."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from infrastructure.terminal import narrate

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_LONGEST_LINE = 140
_LINE_SECONDS = 5.0
"""How often a bar that moves is told as a line where there is no terminal."""


class Board:
    """The bars of one command, by title; a class because they share the terminal and a clock.

    Without a terminal there are no bars: a line that says how far one is comes every few seconds.
    """

    def __init__(
        self, clock: Callable[[], float], console: "Console | None" = None, *, transient: bool = False
    ) -> None:
        self._clock = clock
        self._start = clock()
        self._transient = transient
        self._console = console or narrate.console()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, float] = {}

    def start(self) -> None:
        """Begins to show bars, on a terminal that can."""
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._bars = _bars(self._console, transient=self._transient)
            self._bars.start()

    def stop(self) -> None:
        """Ends what moves: the bars stay as they are, or vanish where they were to be transient."""
        if self._bars:
            self._bars.stop()
            self._bars = None

    def line(self, text: str, *, passing: bool = False) -> None:
        """A line that stays; a ``passing`` one is left out where bars tell as much."""
        if self._bars and passing:
            return
        shown = text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
        self._console.print(f"[dim]{self._clock() - self._start:6.1f} s[/]  ", end="")
        self._console.print(shown, markup=False)

    def show(self, title: str, done: float, total: float, detail: str, *, passing: bool = False) -> None:
        """How far ``title`` is: ``done`` of ``total``, 0 while that is not known, and in words.

        A ``passing`` one is a bar only: where there is none, other lines tell as much.
        """
        if self._bars:
            if title not in self._tasks:
                self._tasks[title] = self._bars.add_task(title, total=None, detail="")
            self._bars.update(self._tasks[title], completed=done, total=total or None, detail=detail)
        elif detail and not passing:
            self._tell(title, detail)

    def finish(self, title: str, detail: str) -> None:
        """What ``title`` is about is done; ``detail`` says how much it was."""
        if self._bars and title in self._tasks:
            self._bars.update(self._tasks[title], completed=1, total=1, detail=detail)

    def _tell(self, title: str, detail: str) -> None:
        now = self._clock()
        if now - self._told.setdefault(title, now) >= _LINE_SECONDS:
            self._told[title] = now
            self.line(f"{title}: {detail}")


def _bars(console: "Console", *, transient: bool) -> "Progress":
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn(
            "{task.fields[detail]}",
            markup=False,
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
        console=console,
        expand=True,
        transient=transient,
    )
