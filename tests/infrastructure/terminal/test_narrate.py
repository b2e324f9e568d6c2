import io
import sys
import threading

import pytest

from infrastructure.terminal import narrate

SECONDS = 10


class Watched(io.StringIO):
    """A standard error that tells when something was written."""

    def __init__(self, until: str, terminal: bool = False) -> None:
        super().__init__()
        self.written = threading.Event()
        self._until = until
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        count = super().write(text)
        if self._until in self.getvalue():
            self.written.set()
        return count


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrate, "FIRST_SIGN_SECONDS", 0.0)
    monkeypatch.setattr(narrate, "SIGN_SECONDS", 0.01)
    narrate.console.cache_clear()  # what a terminal can is asked once a process


def test_a_step_says_what_it_does_and_why_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with narrate.progress("Building", "there is none"):
        pass
    assert capsys.readouterr() == ("", "Building: there is none\n")


@pytest.mark.usefixtures("quick")
def test_a_slow_step_gives_plain_signs_of_life_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Watched("  … Building (0 s, 3 packages)")
    monkeypatch.setattr(sys, "stderr", stderr)
    with narrate.progress("Building") as step:
        step.detail = "3 packages"
        assert stderr.written.wait(SECONDS)


@pytest.mark.usefixtures("quick")
def test_a_slow_step_shows_a_live_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Watched("Building [it] (0 s)", terminal=True)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    with narrate.progress("Building [it]"):
        assert stderr.written.wait(SECONDS)
    assert not [thread for thread in threading.enumerate() if thread.name == "narration"]


@pytest.mark.usefixtures("quick")
def test_a_step_that_ends_does_not_wait_for_another_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Watched("… long")
    monkeypatch.setattr(sys, "stderr", stderr)
    with narrate.progress("long"):
        with narrate.progress("short"):
            assert stderr.written.wait(SECONDS)
        assert [thread for thread in threading.enumerate() if thread.name == "narration"]


@pytest.mark.parametrize(("seconds", "text"), [(8.9, "8 s"), (60, "1 min 00 s"), (125, "2 min 05 s")])
def test_a_duration_reads_as_people_say_it(seconds: float, text: str) -> None:
    assert narrate.duration(seconds) == text


def test_a_counter_shows_how_many_lines_there_were() -> None:
    step = narrate.Step("Building", 0)
    count = narrate.counter(step, "packages")
    count("one")
    count("two")
    assert step.line(1) == "Building (1 s, 2 packages)"
