"""The tables of ``docs/comparison.md``, made of the recorded results and of what the scripts say of each scenario."""

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.comparison.results import TOOLS, Outcome, Result
from tests.comparison.scenarios import SCENARIOS
from tests.support.checkout import ROOT

PAGE = ROOT / "docs" / "comparison.md"
_MADE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(text: str, results: Mapping[str, Result]) -> str:
    """The page with its tables made anew; ``KeyError`` for a name between the markers that is no table's."""
    return _MADE.sub(lambda found: f"{found[1]}{_TABLES[found[2]](results)}\n{found[3]}", text)


def write(results: Mapping[str, Result], page: Path = PAGE) -> None:
    """Makes the tables on the page anew."""
    page.write_text(rendered(page.read_text(encoding="utf-8"), results), encoding="utf-8")


def _verdicts(results: Mapping[str, Result]) -> str:
    rows = [
        [scenario.title, *(_cell(result.scenarios[scenario.name]) for result in results.values())]
        for scenario in SCENARIOS
    ]
    together = ["All together", *(f"{result.lines} lines" for result in results.values())]
    return _table(["", *(TOOLS[name].NAME for name in results)], [*rows, together])


def _cell(outcome: Outcome) -> str:
    return outcome.verdict if outcome.verdict == "no" else f"{outcome.verdict}: {outcome.lines} lines"


def _asked(_results: Mapping[str, Result]) -> str:
    return _table(["scenario", "what has to happen"], [[item.title, item.asks] for item in SCENARIOS])


def _how(results: Mapping[str, Result]) -> str:
    parts = []
    for name in results:
        told = [inspect.getdoc(getattr(TOOLS[name], scenario.name)) or "" for scenario in SCENARIOS]
        rows = [
            [scenario.title, " ".join(how.split())] for scenario, how in zip(SCENARIOS, told, strict=True)
        ]
        parts.append(f"### {TOOLS[name].NAME}\n\n{_table(['scenario', 'how, and what is missing'], rows)}")
    return "\n\n".join(parts)


def _figures(results: Mapping[str, Result]) -> str:
    rows = [
        [
            TOOLS[name].NAME,
            result.version,
            _seconds(result.start_seconds),
            _seconds(result.processor_seconds) if result.processor_seconds else "not known",
            f"{result.load:.1f}",
            f"{result.memory_bytes / 1e6:.0f} MB",
            f"{result.size_bytes / 1e6:.0f} MB" if result.size_bytes else "an image, built",
        ]
        for name, result in results.items()
    ]
    return _table(["", "version", "start", "processor time of it", "load then", "memory", "libraries"], rows)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


_TABLES: Mapping[str, Callable[[Mapping[str, Result]], str]] = {
    "asked": _asked,
    "verdicts": _verdicts,
    "how": _how,
    "figures": _figures,
}
