"""Measuring two sides in turn, and what came of it."""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

type Taken = float | tuple[float, ...]
type Contestants = tuple[Callable[[], Taken], Callable[[], Taken]]
"""Ours and theirs: each does it once and gives what it took, or the figures that tell what it took."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What is measured: its two sides, what theirs is, and the most that ours may be of it.

    A size is the same each time, so it is measured once. ``figures`` names what a side gives when that is several.
    """

    contestants: Callable[[], AbstractContextManager[Contestants]]
    against: str
    limit: float
    unit: Literal["seconds", "bytes"] = "seconds"
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a benchmark or one of its figures: medians and spreads in ``unit``, ``ratio`` ours to theirs."""

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
    verdict: Literal["holds", "too much"]


def timed(what: Callable[[], object]) -> Callable[[], float]:
    """``what`` as a side that takes the seconds it takes."""

    def measured() -> float:
        start = time.perf_counter()
        what()
        return time.perf_counter() - start

    return measured


def processor_timed(what: Callable[[], object]) -> Callable[[], float]:
    """``what``, which waits for nothing, as a side that takes the processor time of this process and of those it
    starts: on a machine that does nothing else it is the time it takes, on a busy one others' work is not in it."""

    def measured() -> float:
        before = _processor_seconds()
        what()
        return _processor_seconds() - before

    return measured


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(name: str, benchmark: Benchmark, rounds: int, *, warm_up: bool = True) -> list[Result]:
    """Has both sides go ``rounds`` times, the order alternated, after a ``warm_up`` of each; a result for each figure.

    Says on standard error what goes on.
    """
    taken: tuple[list[Taken], list[Taken]] = ([], [])
    _say(f"{name}, against {benchmark.against}")
    with benchmark.contestants() as contestants:
        if benchmark.unit == "bytes":
            rounds, warm_up = 1, False
        if warm_up:
            _say(f"{name}: warming up")
            for contestant in contestants:
                contestant()
        for number in range(rounds):
            _say(f"{name}: round {number + 1} of {rounds}")
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                taken[side].append(contestants[side]())
    names = [f"{name} {figure}" for figure in benchmark.figures] or [name]
    ours, theirs = (list(zip(*map(_figures, side), strict=True)) for side in taken)
    return [
        _result(one, benchmark, *both)
        for one, both in zip(names, zip(ours, theirs, strict=True), strict=True)
    ]


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _figures(taken: Taken) -> tuple[float, ...]:
    return taken if isinstance(taken, tuple) else (taken,)


def _result(name: str, benchmark: Benchmark, ours: Sequence[float], theirs: Sequence[float]) -> Result:
    ratio = statistics.median(ours) / statistics.median(theirs)
    return Result(
        name=name,
        against=benchmark.against,
        unit=benchmark.unit,
        rounds=len(ours),
        ours=statistics.median(ours),
        ours_spread=(min(ours), max(ours)),
        theirs=statistics.median(theirs),
        theirs_spread=(min(theirs), max(theirs)),
        ratio=ratio,
        limit=benchmark.limit,
        verdict="holds" if ratio <= benchmark.limit else "too much",
    )
