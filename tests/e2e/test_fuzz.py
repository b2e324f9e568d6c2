"""The deployed API against its own document: schemathesis finds no answer that is not in it, and no 5xx.

``make test`` sends a few requests with a seed of its own, ``make test-fuzz`` goes on for as many as it was told.
"""

import json
import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from infrastructure.tools import processes
from routes import ADMIN, RESERVED_SCOPES, SCOPES
from tests.e2e.sandboxes import login

FUZZ = Path(__file__).parent / "fuzz"
LONG = "REQUESTS" in os.environ
LEAST = int(os.environ.get("REQUESTS", "100"))
"""How many requests there have to be."""
SEED = int(os.environ.get("SEED", "7"))
EXTENT = {
    False: ("--phases", "examples,fuzzing,stateful", "--max-examples", "4"),
    True: ("--phases", "examples,coverage,fuzzing,stateful", "--max-time", "300"),
}
"""One run: what it does, and for how many requests of a kind or how many seconds."""


@dataclass
class Outcome:
    """What came of all runs: the statuses that were answered, what schemathesis reports, and what it said last."""

    statuses: Counter[str] = field(default_factory=Counter)
    reports: list[dict[str, Any]] = field(default_factory=list)
    output: str = ""

    def of_all(self, part: str) -> list[Any]:
        """The ``failures`` or ``errors`` of all reports."""
        return [one for report in self.reports for one in report[part]]


@pytest.fixture(scope="module")
def token(api: httpx.Client) -> str:
    """An access token with which ``admin`` may do everything."""
    scopes = [ADMIN, *(scope for scope in SCOPES if scope not in RESERVED_SCOPES)]
    return login(api, username="admin", password="admin123", scope=" ".join(scopes))  # nosec B106 - a demo user


@pytest.fixture(scope="module")
def outcome(url: str, token: str, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """As many runs of schemathesis, with every check, as it takes for enough requests."""
    found = Outcome()
    while found.statuses.total() < LEAST and not (found.of_all("failures") or found.of_all("errors")):
        folder = shutil.copytree(FUZZ, tmp_path_factory.mktemp("fuzz"), dirs_exist_ok=True)
        seed = str(SEED + len(found.reports))
        command: list[str | Path] = [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json"),
            *("--checks", "all", "--no-color", "--workers", "4", "--seed", seed, *EXTENT[LONG]),
            *("--report", "json", "--report-json-path", folder / "report.json"),
        ]
        told = {"TOKEN": token, "STATUSES": str(folder / "statuses.json")}
        lines: list[str] = []
        processes.run(command, limit=900, environment=told, cwd=folder, on_line=lines.append)
        found.output = "\n".join(lines)
        assert (folder / "report.json").exists(), found.output
        found.statuses.update(json.loads((folder / "statuses.json").read_text()))
        found.reports.append(json.loads((folder / "report.json").read_text()))
        sys.stderr.write(
            f"\nseed {seed}: {found.statuses.total()} requests so far, by status {dict(found.statuses)}\n"
        )
    return found


def test_every_answer_is_one_that_the_document_tells_of(outcome: Outcome) -> None:
    assert outcome.of_all("errors") == []
    failures = outcome.of_all("failures")
    assert failures == [], outcome.output[:20_000]
    assert outcome.statuses.total() >= LEAST


def test_nothing_is_answered_with_5xx(outcome: Outcome) -> None:
    assert [status for status in outcome.statuses if status.startswith("5")] == []


def test_every_route_is_asked(outcome: Outcome) -> None:
    for report in outcome.reports:
        assert report["operations"]["tested"] == report["operations"]["total"] > 20
