"""CONTRIBUTING's way to a new route, taken in a copy of the tree: it leads there, and a slip on it is told."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.recipe import Step, steps

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "handlers",
    "infrastructure",
    "models",
    "openapi",
    "seeding",
    "serve",
    "services",
    "tests",
    "utils",
)
FILES = (
    "routes.py",
    "main.py",
    "authorizer.py",
    "variables.py",
    "account_rules.py",
    "pyproject.toml",
    "README.md",
    "docs",
)
STEPS = steps(ROOT / "CONTRIBUTING.md")
CHECKED = [step for step in STEPS if step.path.endswith(".py") and not step.path.startswith("tests/")]
ROWS = next(step for step in STEPS if step.line.strip().startswith("# A new row"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of all that serves, describes and tests."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name)
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=tree, capture_output=True, text=True, check=False)


def test_the_way_touches_six_files() -> None:
    assert {step.path for step in STEPS} == {
        "routes.py",
        "handlers/notes.py",
        "services/players/notes.py",
        "models/notes.py",
        "tests/unit/players/test_notes.py",
        "docs/guides/http-api.md",
    }


def test_it_leads_to_a_route_that_is_served_described_and_consented_to(tree: Path) -> None:
    for step in STEPS:
        step.take(tree)
    described = run(tree, "-m", "openapi")
    assert (described.returncode, described.stdout) == (0, "")
    tests = [
        "tests/unit/players/test_notes.py",
        "tests/unit/test_new_route.py",
        "tests/unit/handlers/test_routes.py",
    ]
    (tree / "tests" / "unit" / "test_new_route.py").write_text(SEEN_EVERYWHERE)
    tested = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert tested.returncode == 0, tested.stdout


SEEN_EVERYWHERE = r'''
"""Where else a new route is seen."""

import re

from tests.support.gateway import Gateway


def test_the_document_tells_of_it(api: Gateway) -> None:
    document = api.get("/openapi.json").json()
    notes = document["paths"]["/players/{player_id}/notes"]
    assert notes.keys() == {"get", "head", "put"}
    assert notes["put"]["security"] == [{"oauth": ["notes:write"]}, {"bearer": []}]
    assert "notes_not_found" in notes["get"]["responses"]["404"]["content"]["application/problem+json"]["examples"]
    assert "Idempotency-Key" in {one["name"] for one in notes["put"]["parameters"]}
    created = document["paths"]["/players"]["post"]["responses"]["201"]["links"]
    assert created["notes-put"] == {
        "operationId": "notes_put", "parameters": {"player_id": "$response.body#/data/player_id"}
    }


def test_discovery_tells_of_its_scopes(api: Gateway) -> None:
    metadata = api.get("/.well-known/oauth-authorization-server").json()
    assert {"notes:read", "notes:write"} <= set(metadata["scopes_supported"])


def test_the_consent_page_has_words_for_them() -> None:
    from handlers import pages

    page = pages.consent(
        client="b", username="a", scopes=["notes:write"], query="", other_account="", csrf_token="c", host="d"
    )
    assert re.search(r"Change players('|&#39;|&#x27;) notes", page.body)


def test_the_docs_page_asks_for_them(api: Gateway) -> None:
    assert "notes:write" in api.get("/docs").text
'''


@pytest.mark.parametrize(
    "left_out",
    [step for step in CHECKED if step is not ROWS],
    ids=lambda step: f"{step.path} {step.line.strip()[:20]}",
)
def test_a_step_that_is_left_out_is_told(tree: Path, left_out: Step) -> None:
    for step in STEPS:
        if step is not left_out:
            step.take(tree)
    run(tree, "-m", "openapi")
    checked = run(tree, "-m", "openapi", "--check")
    assert checked.returncode == 1
    assert checked.stdout.startswith("row notes-"), checked.stdout


MISSPELT = """
import re, sys
from copy import replace

from openapi.naming import RowError
from openapi.operation import operation
from routes import ROUTES


def slips(value):
    if isinstance(value, str):
        yield value[:-2] + value[-1] + value[-2]
    else:
        for position, one in enumerate(value):
            yield (*value[:position], *slips(one), *value[position + 1 :])


NAMES = ("handler", "scope", "table", "body", "data", "errors", "prefetch", "stores")
for row in [row for row in ROUTES if row.name.startswith("notes-")]:
    for name in NAMES:
        for slip in slips(getattr(row, name) or ()):
            try:
                operation(replace(row, **{name: slip}))
            except RowError as error:
                print("told", row.name, name, error)
            else:
                print("not told", row.name, name, slip)
"""


def test_a_name_that_is_misspelt_in_a_row_is_told(tree: Path) -> None:
    for step in STEPS:
        step.take(tree)
    told = run(tree, "-c", MISSPELT)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert [line for line in lines if not line.startswith("told")] == []
    assert len(lines) == 17
