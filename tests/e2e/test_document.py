"""The document of the deployed API before those who read such documents: a linter, and a generator of clients."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import httpx
import pytest

from tests.e2e.deployed import logged_in
from tests.e2e.test_api import unique
from tests.support import node

LINTER = Path(__file__).parent / "redocly"


@pytest.fixture(scope="module")
def document(api: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as it is served, in a file."""
    answer = api.get("/openapi.json")
    assert answer.status_code == 200, answer.text
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(answer.text, encoding="utf-8")
    return path


def test_a_linter_finds_nothing(document: Path, tmp_path: Path) -> None:
    folder = node.installed(LINTER, tmp_path)
    lint = [str(node.NODE), "node_modules/@redocly/cli/bin/cli.js", "lint", str(document), "--format", "json"]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    run = subprocess.run(
        lint,
        cwd=folder,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found = json.loads(run.stdout)
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, found["problems"]


@pytest.fixture(scope="module")
def generated(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package ``partner``, a client that is generated of the document."""
    folder = tmp_path_factory.mktemp("generated")
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    target = ["--path", str(document), "--output-path", str(folder / "partner")]
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [*generate, *target],
        env={**os.environ, "PATH": beside},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize("base", ["", "/s/clients"], ids=["api", "sandbox"])
def test_a_client_that_is_generated_of_it_works(url: str, base: str) -> None:
    with httpx.Client(base_url=f"{url}{base}", timeout=30) as api:
        tokens = logged_in(api)
    client, models = import_module("partner.client"), import_module("partner.models")
    create, listing, get, delete = (
        import_module(f"partner.api.players.{name}").sync
        for name in ("players_create", "players_list", "players_get", "players_delete")
    )
    record = import_module("partner.api.statistics.stats_post").sync
    name = unique()
    with client.AuthenticatedClient(base_url=f"{url}{base}", token=tokens["access_token"]) as caller:
        made = create(client=caller, body=models.PlayerBody(username=name, email=f"{name}@example.com")).data
        assert [player.username for player in listing(client=caller, username=name).data] == [name]
        assert get(made.player_id, client=caller).data == made
        stats = record(
            made.player_id, client=caller, body=models.ResultBody(models.Outcome("win"), score=3)
        ).data
        assert (stats.matches_played, stats.score_best) == (1, 3)
        delete(made.player_id, client=caller)
        assert get(made.player_id, client=caller).code == "player_not_found"
        assert isinstance(
            create(client=caller, body=models.PlayerBody("1", "no")), models.ValidationErrorResponse
        )
