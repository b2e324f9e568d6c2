"""The deployed API against its own document: schemathesis finds no answer that is not in it, and no 5xx.

``make test`` runs a short form with a seed of its own, ``make test-fuzz`` the long one.
"""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local import processes

FUZZ = Path(__file__).parent / "fuzz"
EXAMPLES = int(os.environ.get("EXAMPLES", "4"))
"""How many requests of each kind are made up for a route."""
SEED = os.environ.get("SEED", "7")
LONG = "EXAMPLES" in os.environ
LEAST = 10_000
"""Requests that the long form sends."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: the statuses that were answered, and what schemathesis reports."""

    statuses: dict[str, int]
    report: dict[str, Any]

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(self.statuses.values())


@pytest.fixture(scope="module")
def outcome(url: str, tokens: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One run of schemathesis, with every check."""
    folder = shutil.copytree(FUZZ, tmp_path_factory.mktemp("fuzz"), dirs_exist_ok=True)
    command = [
        *(Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json"),
        *("--checks", "all", "--no-color"),
        *("--max-examples", str(EXAMPLES), "--seed", SEED, "--workers", "2"),
        *("--phases", "examples,coverage,fuzzing,stateful" if LONG else "examples,fuzzing,stateful"),
        *("--report", "json", "--report-json-path", folder / "report.json"),
    ]
    told = {"TOKEN": tokens["access_token"], "STATUSES": str(folder / "statuses.json")}
    run = processes.run(command, limit=3600, environment=told, cwd=folder)
    assert (folder / "statuses.json").exists(), run.output
    statuses = json.loads((folder / "statuses.json").read_text())
    return Outcome(statuses, json.loads((folder / "report.json").read_text()))


def test_every_answer_is_one_that_the_document_tells_of(outcome: Outcome) -> None:
    figures = f"{outcome.requests} requests, seed {SEED}: {dict(sorted(outcome.statuses.items()))}"
    print(f"\n{figures}, {len(outcome.report['failures'])} failures")  # noqa: T201 - the figures of the long form
    assert outcome.report["complete"]
    assert outcome.report["errors"] == []
    assert outcome.report["failures"] == [], json.dumps(outcome.report["failures"], indent=1)[:20_000]


def test_nothing_is_answered_with_5xx(outcome: Outcome) -> None:
    assert [status for status in outcome.statuses if status.startswith("5")] == []


def test_every_route_is_asked(outcome: Outcome) -> None:
    operations = outcome.report["operations"]
    assert operations["tested"] == operations["total"] > 20
    assert outcome.requests >= (LEAST if LONG else 100)
