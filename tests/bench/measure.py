"""Measuring two sides in turn, and what came of it."""

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

Contestants = tuple[Callable[[], float], Callable[[], float]]
"""Ours and theirs: each does it once and gives what it took."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is measured: its two sides, what theirs is, and the most that ours may be of it.

    A size is the same each time, so it is measured once.
    """

    contestants: Callable[[], AbstractContextManager[Contestants]]
    against: str
    limit: float
    unit: Literal["seconds", "bytes"] = "seconds"


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's outcome: medians and spreads in ``unit``, ``ratio`` ours to theirs."""

    name: str
    against: str
    unit: str
    rounds: int
    ours: float
    ours_spread: tuple[float, float]
    theirs: float
    theirs_spread: tuple[float, float]
    ratio: float
    limit: float


def timed(what: Callable[[], object]) -> Callable[[], float]:
    """``what`` as a side that takes the seconds it takes."""

    def measured() -> float:
        start = time.perf_counter()
        what()
        return time.perf_counter() - start

    return measured


def measure(name: str, benchmark: Benchmark, rounds: int) -> Result:
    """Has both sides go ``rounds`` times after one warm-up each, the order alternated."""
    taken: tuple[list[float], list[float]] = ([], [])
    with benchmark.contestants() as contestants:
        if benchmark.unit == "bytes":
            rounds = 1
        else:
            for contestant in contestants:
                contestant()
        for number in range(rounds):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                taken[side].append(contestants[side]())
    ours, theirs = (statistics.median(side) for side in taken)
    spreads = [(min(side), max(side)) for side in taken]
    return Result(
        name=name,
        against=benchmark.against,
        unit=benchmark.unit,
        rounds=rounds,
        ours=ours,
        ours_spread=spreads[0],
        theirs=theirs,
        theirs_spread=spreads[1],
        ratio=ours / theirs,
        limit=benchmark.limit,
    )
