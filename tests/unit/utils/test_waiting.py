"""A function that waits sleeps, or breaks off and is carried out anew."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from utils import waiting

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_a_pause_lets_time_pass() -> None:
    began = waiting.began()
    waiting.pause(0.02)
    assert time.monotonic() - began >= 0.02


def test_what_is_resumable_breaks_off_and_reckons_from_when_it_was_begun_first() -> None:
    with waiting.resumable(5.0):
        assert waiting.began() == 5.0
        with pytest.raises(waiting.UnfinishedError) as unfinished:
            waiting.pause(60)
    assert unfinished.value.seconds == 60
    assert waiting.began() > 5.0


def test_what_pauses_once_goes_on_with_what_it_has_done() -> None:
    made: list[str] = []

    def function() -> str:
        number = waiting.once("number", lambda: len(made) + 1)
        waiting.once("made", lambda: made.append("made"))
        waiting.pause_once("first", 0.02)
        waiting.pause_once("second", 0.03)
        return f"{number} {made}"

    kept: Mapping[str, Any] = {}
    for seconds in (0.02, 0.03):
        with pytest.raises(waiting.UnfinishedError) as unfinished, waiting.resumable(5.0, kept):
            function()
        assert unfinished.value.seconds == seconds
        kept = unfinished.value.kept
    with waiting.resumable(5.0, kept):
        assert function() == "1 ['made']"
    assert function() == "2 ['made', 'made']"


def test_no_handler_of_errors_meets_it() -> None:
    assert not issubclass(waiting.UnfinishedError, Exception)
