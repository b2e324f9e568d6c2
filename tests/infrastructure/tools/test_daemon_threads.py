"""Calls made at once in threads that are left behind."""

import threading

import pytest

from infrastructure.tools import daemon_threads


def test_results_are_in_the_order_of_their_items() -> None:
    assert daemon_threads.each(lambda number: number * 2, range(30)) == list(range(0, 60, 2))
    assert daemon_threads.each(str, []) == []


def test_the_first_failure_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        daemon_threads.each(lambda number: 1 / number, [1, 0, 2])


def test_no_thread_keeps_the_process() -> None:
    assert all(daemon_threads.each(lambda _: threading.current_thread().daemon, range(9)))
