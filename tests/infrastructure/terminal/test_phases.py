"""Where the time of a command goes."""

import pytest

from infrastructure.terminal.phases import Phases


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_every_moment_belongs_to_one_phase_the_innermost() -> None:
    clock = Clock()
    phases = Phases(clock=clock)
    with phases.phase("update"):
        clock.now += 1
        with phases.phase("answer"):
            clock.now += 2
        clock.now += 4
    clock.now += 8
    assert phases.seconds == {"update": 5, "answer": 2}
    assert str(phases) == "update 5.0 s, answer 2.0 s; 7.0 s in all"


def test_a_phase_that_is_entered_lasts_until_the_next_and_never_beyond_the_block_around_it() -> None:
    clock = Clock()
    phases = Phases(clock=clock)
    with phases.phase("update"):
        clock.now += 1
        phases.enter("build")
        clock.now += 2
        phases.enter("push")
        clock.now += 4
    clock.now += 8
    assert phases.seconds == {"update": 1, "build": 2, "push": 4}


def test_the_time_counts_where_the_phase_fails() -> None:
    clock = Clock()
    phases = Phases(clock=clock)

    def fail() -> None:
        with phases.phase("update"):
            clock.now += 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert phases.seconds == {"update": 3}
