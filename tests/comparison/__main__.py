"""``python -m tests.comparison [TOOL …]``: starts each tool, runs the six scenarios against it, keeps what came of them
and makes the tables of ``docs/comparison.md`` anew.

What needs Java and Maven is skipped, and said to be, where they are not there or bring nothing; the last results of a
tool that is skipped stay. The exit code is 1 where a scenario came to less than was recorded before.
"""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from types import ModuleType

import httpx
import pytest

from tests.comparison import page, results
from tests.comparison.process import Running
from tests.comparison.results import TOOLS, Outcome, Result
from tests.comparison.scenarios import SCENARIOS, CannotError, Scenario, Verdict
from tests.support import java

_STARTS = 3
_ATTEMPTS = 3
"""How often a scenario goes where it does not come to all: a busy machine may be slower than the application's
patience."""
_ORDER: tuple[Verdict, ...] = ("no", "in part", "yes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares the named tools, or all; the exit code."""
    parser = argparse.ArgumentParser(prog="make compare")
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"of {', '.join(TOOLS)}")
    names = parser.parse_args(arguments).tools or list(TOOLS)
    if unknown := set(names) - set(TOOLS):
        parser.error(f"ONLY: there is no {', '.join(sorted(unknown))}; there are {', '.join(TOOLS)}")
    before, compared = results.read(), {}
    for name in names:
        try:
            _require(TOOLS[name])
        except pytest.fail.Exception as reason:
            _say(f"skipped {name}: {reason}")
        else:
            compared[name] = compare(name, TOOLS[name])
            results.keep(compared)
    page.write(results.read())
    worse = [
        f"{name}: {scenario} came to {outcome.verdict!r}, before it was {before[name].scenarios[scenario].verdict!r}"
        for name, result in compared.items()
        for scenario, outcome in result.scenarios.items()
        if name in before
        and scenario in before[name].scenarios
        and _ORDER.index(outcome.verdict) < _ORDER.index(before[name].scenarios[scenario].verdict)
    ]
    for line in worse:
        _say(line)
    return int(bool(worse))


def _require(tool: ModuleType) -> None:
    """Has Maven bring the tool's libraries; raises pytest's failure, which says in one line what is missing."""
    if tool.JARS is None:
        return
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            pytest.fail(f"there is no {program} on PATH; it takes a JDK from version 17 on, and Maven")
    java.libraries(tool.JARS)


def compare(name: str, tool: ModuleType) -> Result:
    """Starts a tool, three times where that is a matter of seconds, and runs the scenarios against it."""
    starts: list[Running] = []
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    for _ in range(0 if tool.JARS is None else _STARTS - 1):
        _say(f"{name}: a start")
        with tool.running() as server:
            starts.append(server)
    _say(f"{name}: the scenarios")
    with tool.running() as server:
        starts.append(server)
        outcomes = {scenario.name: _outcome(tool, scenario, server) for scenario in SCENARIOS}
        memory = server.memory()
    median = sorted(starts, key=lambda server: server.started_in)[len(starts) // 2]
    return Result(
        version=results.version(tool),
        start_seconds=round(median.started_in, 1),
        processor_seconds=median.processor and round(median.processor, 1),
        load=round(load, 1),
        memory_bytes=memory,
        size_bytes=_size(tool),
        lines=results.lines(tool, *(scenario.name for scenario in SCENARIOS)),
        scenarios=outcomes,
    )


def _outcome(tool: ModuleType, scenario: Scenario, server: Running) -> Outcome:
    """What came of a scenario, of its best attempt."""
    best: Outcome | None = None
    for _ in range(_ATTEMPTS):
        tool.reset(server.url)
        try:
            noted = getattr(tool, scenario.name)(server.url)
        except CannotError:
            return Outcome("no", 0, None)
        except httpx.HTTPError as error:
            noted = [repr(error)]
        outcome = Outcome(scenario.verdict(noted), results.lines(tool, scenario.name), noted)
        if best is None or _ORDER.index(outcome.verdict) > _ORDER.index(best.verdict):
            best = outcome
        _say(f"  {scenario.name}: {outcome.verdict} {noted}")
        if outcome.verdict == "yes":
            break
    assert best is not None
    return best


def _size(tool: ModuleType) -> int | None:
    if tool.JARS is None:
        return None
    return sum(jar.stat().st_size for jar in java.libraries(tool.JARS).iterdir())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Not in what a test calls: a handler that stays would write every later line of the application's log to a stream
    # that has ended, and tell of each at length.
    logging.basicConfig(format="    %(message)s")
    logging.getLogger("tests.comparison").setLevel(logging.INFO)
    sys.exit(main())
