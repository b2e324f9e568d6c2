"""``python -m tests.bench [NAME …]``: times ours against what it is compared with, in turn, in one run.

Machines are noisy, so what counts is the ratio of the medians; the spread of each side is printed beside it. The
results go to ``bench/results.json``. The exit code is 1 when a ratio is over its limit.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import tag

ROUNDS = 9
RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results.json"

Contestants = tuple[Callable[[], object], Callable[[], object]]
BENCHMARKS: dict[str, tuple[Callable[[], AbstractContextManager[Contestants]], str, float]] = {
    "tag": (tag.contestants, "git add -A + git write-tree", 1.0),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's outcome: medians and spreads in seconds, ``ratio`` ours to theirs."""

    name: str
    against: str
    ours: float
    ours_spread: tuple[float, float]
    theirs: float
    theirs_spread: tuple[float, float]
    ratio: float
    limit: float


def measure(name: str, rounds: int = ROUNDS) -> Result:
    """Runs both sides ``rounds`` times after one warm-up each, the order alternated."""
    prepare, against, limit = BENCHMARKS[name]
    times: tuple[list[float], list[float]] = ([], [])
    with prepare() as contestants:
        for contestant in contestants:
            contestant()
        for round_number in range(rounds):
            for side in (0, 1) if round_number % 2 == 0 else (1, 0):
                start = time.perf_counter()
                contestants[side]()
                times[side].append(time.perf_counter() - start)
    ours, theirs = (statistics.median(side) for side in times)
    spreads = [(min(side), max(side)) for side in times]
    return Result(name, against, ours, spreads[0], theirs, spreads[1], ours / theirs, limit)


def main() -> int:
    """Runs the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    results = [measure(name) for name in names]
    for item in results:
        print(f"{item.name}: {item.ratio:.2f} of {item.against}, at most {item.limit}")
        print(f"  ours   {_milliseconds(item.ours, item.ours_spread)}")
        print(f"  theirs {_milliseconds(item.theirs, item.theirs_spread)}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(item) for item in results], indent=2) + "\n")
    return int(any(item.ratio > item.limit for item in results))


def _milliseconds(median: float, spread: tuple[float, float]) -> str:
    return f"{median * 1e3:8.1f} ms  ({spread[0] * 1e3:.1f} to {spread[1] * 1e3:.1f})"


if __name__ == "__main__":
    sys.exit(main())
