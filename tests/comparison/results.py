"""What a run came to: kept in ``results.json``, from which the tables of the page are made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Never
from xml.etree import ElementTree

from tests.comparison import emulator, mock_oauth2_server, mockserver, wiremock
from tests.comparison.application import Noted
from tests.comparison.lines import needed
from tests.comparison.scenarios import Verdict

TOOLS: Mapping[str, ModuleType] = {
    "emulator": emulator,
    "wiremock": wiremock,
    "mockserver": mockserver,
    "mock-oauth2-server": mock_oauth2_server,
}
"""The script of each tool, by the name by which a run may choose it; ours first."""
FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario: what the application noted, and the lines of code that the tool's script has for it."""

    verdict: Verdict
    lines: int
    noted: Mapping[str, bool] | Sequence[Noted] | None


@dataclass(frozen=True)
class Result:
    """What came of a tool: ``start_seconds`` from its start to its first answer, of which one processor had
    ``processor_seconds`` where that is known; ``load`` is how many processes wanted each processor then.
    ``memory_bytes`` after the scenarios, ``size_bytes`` of the libraries that it is run from, ``lines`` for all
    scenarios together."""

    version: str
    start_seconds: float
    processor_seconds: float | None
    load: float
    memory_bytes: int
    size_bytes: int | None
    lines: int
    scenarios: Mapping[str, Outcome]


def read(file: Path = FILE) -> dict[str, Result]:
    """The recorded results, by tool."""
    recorded = json.loads(file.read_text()) if file.exists() else {}
    return {
        name: Result(
            **result
            | {"scenarios": {key: Outcome(**outcome) for key, outcome in result["scenarios"].items()}}
        )
        for name, result in recorded.items()
    }


def keep(results: Mapping[str, Result], file: Path = FILE) -> None:
    """Puts results in the place of the last ones of their tools."""
    kept = read(file) | dict(results)
    ordered = {name: asdict(kept[name]) for name in TOOLS if name in kept}
    file.write_text(json.dumps(ordered, indent=2) + "\n")


def lines(tool: ModuleType, *scenarios: str) -> int:
    """The lines of code that the tool's script has for the scenarios together; none for those that it cannot do, whose
    functions never return."""
    able = [name for name in scenarios if getattr(tool, name).__annotations__["return"] is not Never]
    return needed(Path(str(tool.__file__)), *able)


def version(tool: ModuleType) -> str:
    """The version of the tool that its ``pom.xml`` names; none for ours, which is the tree's."""
    if tool.JARS is None:
        return "this tree"
    pom = ElementTree.parse(tool.JARS / "pom.xml")  # noqa: S314 - a file of ours
    return str(pom.findtext("{*}dependencies/{*}dependency/{*}version"))
