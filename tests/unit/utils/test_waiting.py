"""A function that waits sleeps, or breaks off and is carried out anew."""

import time

import pytest

from utils import waiting


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


def test_no_handler_of_errors_meets_it() -> None:
    assert not issubclass(waiting.UnfinishedError, Exception)
