"""``python -m tests.bench [NAME …]``: measures ours against what it is compared with, in turn, in one run.

Machines are noisy, so what counts is the ratio of the medians; the spread of each side is printed beside it. The
results go to ``bench/results.json``, where those of other benchmarks stay. The exit code is 1 when a ratio is over
its limit.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench import (
    authorizer,
    change,
    cold_players,
    container,
    image,
    login,
    noop,
    page,
    rollback,
    tag,
    warm_get,
)
from tests.bench.measure import Benchmark, Result, measure

ROUNDS = 9
RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results.json"
_COLUMNS = 140

BENCHMARKS = {
    "tag": Benchmark(tag.contestants, "git add -A + git write-tree", 1.0),
    "noop": Benchmark(noop.contestants, "the engine alone", 1.2),
    "change": Benchmark(change.contestants, "docker build + docker push + the engine alone", 1.2),
    "rollback": Benchmark(rollback.contestants, "change", 0.4),
    "cold-authorizer": Benchmark(authorizer.cold, "awslambdaric + cryptography verifying the token", 2.0),
    "cold-players": Benchmark(cold_players.contestants, "FastAPI + Mangum + boto3 doing the same", 0.7),
    "cold-container": Benchmark(container.contestants, "a bare handler from the same base", 1.6),
    "warm-get": Benchmark(
        warm_get.contestants, "an echo function behind the same authorizer", 1.5, figures=("p50", "p99")
    ),
    "authorize": Benchmark(authorizer.warm, "a bare ES256 verification (300 of each)", 1.8),
    "login": Benchmark(login.contestants, "an argon2id verification", 1.3),
    "page": Benchmark(page.contestants, "the same among 200 players", 1.2),
    "image": Benchmark(image.contestants, "the runtime packages, compiled", 1.15, "bytes"),
}


def main() -> int:
    """Runs the named benchmarks, or all."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side goes (%(default)s)")
    options = parser.parse_args()
    names = options.names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    for name in names:
        print(f"measuring {name} against {BENCHMARKS[name].against}", file=sys.stderr, flush=True)
        results += measure(name, BENCHMARKS[name], options.rounds)
        _keep(results)
    _print(results)
    return int(any(result.ratio > result.limit for result in results))


def _keep(results: list[Result]) -> None:
    """Puts results in the place of the last ones of their names, in the order of the benchmarks."""
    RESULTS.parent.mkdir(exist_ok=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    kept = {item["name"]: item for item in known} | {result.name: asdict(result) for result in results}
    ordered = [item for name in BENCHMARKS for item in kept.values() if item["name"].split()[0] == name]
    RESULTS.write_text(json.dumps(ordered, indent=2) + "\n")


def _print(results: list[Result]) -> None:
    table = Table("", "ours", "theirs", "compared with", "ratio", "at most", "", box=box.SIMPLE)
    for result in results:
        table.add_row(
            result.name,
            _shown(result.unit, result.ours, result.ours_spread),
            _shown(result.unit, result.theirs, result.theirs_spread),
            result.against,
            f"{result.ratio:.2f}",
            f"{result.limit:.2f}",
            "holds" if result.ratio <= result.limit else "[red]too much[/]",
        )
    Console(width=None if sys.stdout.isatty() else _COLUMNS).print(table)


def _shown(unit: str, median: float, spread: tuple[float, float]) -> str:
    if unit == "bytes":
        return f"{median / 1e6:.1f} MB"
    scale, digits, name = (1e3, 0, "ms") if median < 1 else (1, 2, "s")
    low, high = (f"{value * scale:.{digits}f}" for value in spread)
    return f"{median * scale:.{digits}f} {name} ({low} to {high})"


if __name__ == "__main__":
    sys.exit(main())
