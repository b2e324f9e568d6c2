"""What is shown while something runs."""

import io
import re
import sys
import threading
import time
from contextlib import redirect_stderr

import pytest

from infrastructure.terminal import display
from infrastructure.terminal.display import DISPLAY, Step
from tests.infrastructure.terminal.conftest import Terminal

SECONDS = 10


class Watched(io.StringIO):
    """A standard error that is no terminal and tells when a line that matches was written."""

    def __init__(self, awaited: str) -> None:
        super().__init__()
        self.written = threading.Event()
        self._awaited = re.compile(awaited, re.MULTILINE)

    def write(self, text: str) -> int:
        count = super().write(text)
        if self._awaited.search(self.getvalue()):
            self.written.set()
        return count


def wait_for_threads() -> None:
    """Waits until the display has no thread any more."""
    for thread in threading.enumerate():
        if thread.name == "progress display":
            thread.join(SECONDS)
            assert not thread.is_alive()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "FIRST_SIGN_SECONDS", 0.0)
    monkeypatch.setattr(display, "SIGN_SECONDS", 0.01)


def test_a_step_says_what_it_does_and_why_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with display.progress("Building", "there is none"):
        pass
    assert capsys.readouterr() == ("", "Building: there is none\n")


# Without a terminal


@pytest.mark.usefixtures("quick")
def test_silence_is_broken_by_a_line_that_says_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Watched(r"^  … Waiting \(\d s\); Building \(\d s, 3 packages\)$")
    monkeypatch.setattr(sys, "stderr", stderr)
    with display.progress("Waiting"), display.progress("Building") as step:
        step.detail = "3 packages"
        assert stderr.written.wait(SECONDS)


def test_while_something_is_said_there_is_no_sign_of_life(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    shown = display.ProgressDisplay()
    shown._steps.append(Step("Building", started=now))
    for said in (False, True, False, False):
        now += 6
        if said:
            shown.say("a line")
        shown._give_sign()
    assert capsys.readouterr().err == "  … Building (6 s)\na line\n  … Building (24 s)\n"


@pytest.mark.usefixtures("quick")
def test_a_step_that_ended_is_not_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Watched(r"… long \(")
    monkeypatch.setattr(sys, "stderr", stderr)
    with display.progress("short") as short, display.progress("long"):
        short.end("done")
        assert stderr.written.wait(SECONDS)


# On a terminal


@pytest.mark.usefixtures("quick")
def test_a_slow_step_is_a_live_row_that_vanishes(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        with display.progress("Building [it]", "there is none") as step:
            step.detail = "3 [packages]"
            terminal.draw()
            row = terminal.shown.splitlines()[1].split()
            assert row[1:3] == ["Building", "[it]"]
            assert row[-2:] == ["3", "[packages]"]
        assert re.fullmatch(r"0:00:\d\d", row[-3])
        assert terminal.shown == "Building [it]: there is none"
        wait_for_threads()


def test_a_step_that_is_soon_over_is_no_row(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "FIRST_SIGN_SECONDS", 3600.0)
    with redirect_stderr(terminal):
        with display.progress("Building"):
            terminal.draw()
        assert terminal.screen.states == ["Building"]


@pytest.mark.usefixtures("quick")
def test_a_line_stands_above_the_rows(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        with display.progress("Building"):
            terminal.draw()
            display.say("it [cannot] be pulled")
            terminal.draw()
            assert terminal.shown.splitlines()[1] == "it [cannot] be pulled"
            assert " 0:00:" in terminal.shown.splitlines()[2]
        assert terminal.shown == "Building\nit [cannot] be pulled"


@pytest.mark.usefixtures("quick")
def test_a_step_that_ends_leaves_the_others(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        with display.progress("long"):
            with display.progress("short"):
                terminal.draw()
                assert len(terminal.shown.splitlines()) == 4
            assert len(terminal.shown.splitlines()) == 3
            assert " long " in terminal.shown.splitlines()[2]
        assert terminal.shown == "long\nshort"


def test_rows_that_are_kept_stay_while_others_go_on(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        built, failed, other = Step("build", total=4), Step("push", total=4), Step("other")
        for step in (built, failed, other):
            DISPLAY.add(step)
        built.advance(4, 4, "4 steps")
        failed.advance(1, 4, "1 of 4 layers")
        DISPLAY.remove([built, failed], keep=True)
        terminal.draw()
        lines = terminal.shown.splitlines()
        assert lines[0].startswith("✓ build")
        assert lines[0].endswith("4 steps")
        assert lines[1].startswith("✗ push")
        assert " other " in lines[2]
        DISPLAY.remove([other])
        assert terminal.shown.splitlines() == lines[:2]


def test_standard_output_is_left_alone(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_stderr(terminal):
        DISPLAY.add(step := Step("update"))
        terminal.draw()
        sys.stdout.write("for a machine\n")
        DISPLAY.remove([step])
        assert capsys.readouterr().out == "for a machine\n"
        assert "machine" not in "".join(terminal.screen.states)


@pytest.mark.parametrize("kind", ["dumb", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(
    terminal: Terminal, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redirect_stderr(terminal):
        assert display.is_terminal()
        monkeypatch.setenv("TERM", kind)
        assert not display.is_terminal()


# Steps


def test_a_step_ends_when_all_of_it_is_done_and_goes_on_when_it_grows() -> None:
    step, ends = Step("update"), []
    for done, total in ((3, 0), (3, 3), (4, 4), (4, 5)):
        step.advance(done, total, "")
        ends.append(step.ended)
    assert (ends[0], ends[3]) == (None, None)
    assert ends[1] == ends[2] is not None


@pytest.mark.parametrize(("seconds", "text"), [(8.9, "8 s"), (60, "1 min 00 s"), (125, "2 min 05 s")])
def test_a_duration_reads_as_people_say_it(seconds: float, text: str) -> None:
    assert display.duration(seconds) == text


def test_a_counter_shows_how_many_lines_there_were() -> None:
    step = Step("Building", started=0)
    count = display.counter(step, "packages")
    count("one")
    count("two")
    assert step.line(1) == "Building (1 s, 2 packages)"
