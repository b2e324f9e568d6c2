"""A terminal to take the place of standard error."""

import io

import pytest

from infrastructure.terminal import display
from tests.support.terminal import COLUMNS, Screen


class Terminal(io.StringIO):
    """A standard error that is a terminal; its ``screen`` is what a person sees of it."""

    def __init__(self) -> None:
        super().__init__()
        self.screen = Screen()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.screen.feed(text.replace("\n", "\r\n").encode())
        return len(text)

    @property
    def shown(self) -> str:
        """What is on the screen now."""
        return self.screen.states[-1] if self.screen.states else ""

    def draw(self) -> None:
        """Has the display drawn now, not at its thread's next turn."""
        with display.DISPLAY._changed:
            display.DISPLAY._draw()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal, for a test to redirect standard error to."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    display._console.cache_clear()  # what a terminal can is asked once a process
    return Terminal()
