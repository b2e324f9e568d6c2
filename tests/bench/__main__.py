"""``python -m tests.bench [NAME …]``: measures ours against what it is compared with, in turn, in one run.
Without names it measures all but those that take very long.

Machines are noisy, so what counts is the ratio of the medians; the spread of each side is printed beside it. The
results go to ``bench/results.json``, where those of other benchmarks stay. What needs npm is skipped, and said to
be, where npm's registry is not reachable. The exit code is 1 when a ratio is over its limit.
"""

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn, override

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.benchmarks import ONLY_BY_NAME, SERVED, UNDEPLOYED, deployed
from tests.bench.measure import Benchmark, Result, measure
from tests.bench.stack import Stacks
from tests.support import node

ROUNDS = 9
RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results.json"
_COLUMNS = 140


def main(arguments: list[str] | None = None) -> int:
    """Runs the named benchmarks, or all; by default those that the command line names. The exit code."""
    with ExitStack() as cleanup:
        known = UNDEPLOYED | SERVED | deployed(Stacks(cleanup))
        parser = _Parser(prog="make bench")
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(known)}")
        parser.add_argument(
            "--rounds", type=_rounds, default=ROUNDS, help="how often each side goes (%(default)s)"
        )
        options = parser.parse_args(arguments)
        if unknown := set(options.names) - set(known):
            parser.error(f"ONLY: there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        names = options.names or [name for name in known if name not in ONLY_BY_NAME]
        return run({name: known[name] for name in names}, options.rounds)


class _Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, by the variables of make."""

    @override
    def error(self, message: str) -> NoReturn:
        """Ends the process with 2."""
        self.exit(2, f"error: make bench: {message.replace('argument --rounds', 'ROUNDS')}\n")


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is none: a median takes at least one round")
    return int(text)


def run(chosen: dict[str, Benchmark], rounds: int, results_file: Path = RESULTS) -> int:
    """Measures the ``chosen`` ones, keeps their results and prints them; the exit code."""
    results: list[Result] = []
    skipped: dict[str, str] = {}
    for name, benchmark in chosen.items():
        try:
            results += measure(name, benchmark, rounds)
        except node.UnreachableError as reason:
            skipped[name] = str(reason)
        _keep(results, results_file)
    _print(results)
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    return int(any(result.verdict != "holds" for result in results))


def _keep(results: list[Result], file: Path) -> None:
    """Puts results in the place of the last ones of their names; new ones go to the end."""
    file.parent.mkdir(exist_ok=True)
    known = json.loads(file.read_text()) if file.exists() else []
    kept = {item["name"]: item for item in known} | {result.name: asdict(result) for result in results}
    file.write_text(json.dumps(list(kept.values()), indent=2) + "\n")


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
            result.verdict if result.verdict == "holds" else f"[red]{result.verdict}[/]",
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
