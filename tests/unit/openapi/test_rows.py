"""A row that names what is not there, or lacks what its description needs, is refused by its name."""

import subprocess
import sys
from copy import replace
from pathlib import Path
from typing import Any

import pytest

import routes
from openapi import document
from openapi.docstring import read
from openapi.naming import RowError
from openapi.operation import operation
from routes import Route
from utils.http import Request, Response

BY_NAME = {route.name: route for route in routes.ROUTES}
READ, WRITE = BY_NAME["stats-get"], BY_NAME["stats-post"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"handler": "handlers.stat:show"}, "there is no module handlers.stat"),
        ({"handler": "handlers.stats:shwo"}, r"handlers\.stats has no shwo \(is show meant\?\)"),
        ({"handler": "handlers.players:update"}, "takes body, request, and is given request"),
        ({"handler": "handlers.stats:versioned"}, "takes headers, request, status, value, and is given"),
        ({"scope": "players:raed"}, r"there is no scope players:raed \(is players:read meant\?\)"),
        ({"secrets": ("sead",)}, r"there is no secret sead \(is seed meant\?\)"),
        ({"data": "models.stats:Stast"}, r"models\.stats has no Stast \(is Stats meant\?\)"),
        ({"data": "models.stats:Trophies"}, "there is no example of models.stats:Trophies"),
        ({"data": "models.examples:Examples"}, "there is no example of models.examples:Examples"),
        ({"query": "models.pages:PageForm"}, "takes request, and is given query, request"),
        ({"errors": ("utils.errors:NoException",)}, "utils.errors has no NoException"),
        ({"errors": ("models.stats:Stats",)}, "models.stats:Stats is no PSNEmulatorException"),
        ({"prefetch": "services.players.stats:kyes"}, r"has no kyes \(is keys meant\?\)"),
        ({"prefetch": "services.players.stats:level"}, "takes experience, of which the route has none"),
        ({"foresee": "handlers.token:login_kyes"}, r"has no login_kyes \(is login_keys meant\?\)"),
        ({"foresee": "services.players.stats:keys"}, "of which the route has none"),
        (
            {"stores": ("services.players.player_items:stat_key",)},
            r"has no stat_key \(is stats_key meant\?\)",
        ),
        ({"preload": ("uuid_util",)}, "there is no module uuid_util"),
        (
            {"path": "/players/{nickname}/stats", "prefetch": None},
            r"PATH_PARAMETERS does not describe \{nickname\}",
        ),
    ],
)
def test_what_is_not_there_is_told(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(RowError, match=fault):
        operation(replace(READ, **changes))


def test_a_row_that_writes_about_a_player_says_what_goes_with_it() -> None:
    with pytest.raises(RowError, match="does not say with stores what goes when the player is deleted"):
        operation(replace(WRITE, stores=()))


def test_a_query_is_described_field_by_field() -> None:
    row = replace(BY_NAME["auth-logout"], query="models.players_query:PlayersQuery")
    assert len([one for one in operation(row).parameters if one.place == "query"]) == 7
    with pytest.raises(RowError, match=r"there is no module models\.players_qeury"):
        operation(replace(row, query="models.players_qeury:PlayersQuery"))
    with pytest.raises(RowError, match=r"models\.pages:PageForm does not describe its field csrf"):
        operation(replace(row, query="models.pages:PageForm"))


def nothing_said(request: Request) -> Response:
    return Response()


def no_answers(request: Request) -> Response:
    """Read something."""
    return Response()


def no_status(request: Request) -> Response:
    """Read something.

    Answers:
        The thing.
    """
    return Response()


@pytest.mark.parametrize(
    ("handler", "fault"),
    [
        (nothing_said, "nothing_said has no docstring to describe it by"),
        (no_answers, "does not say under Answers: what it answers"),
        (no_status, "'The thing.' under Answers: is no status and its meaning"),
    ],
)
def test_a_docstring_that_lacks_a_part_is_told(handler: Any, fault: str) -> None:
    with pytest.raises(RowError, match=fault):
        read(handler)


def test_every_row_at_fault_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = (replace(READ, scope="a"), replace(WRITE, scope="b"))
    monkeypatch.setattr(document, "ROUTES", wrong)
    made, faults = document.operations()
    assert made == {}
    assert [fault.partition(":")[0] for fault in faults] == ["row stats-get", "row stats-post"]


def test_a_row_without_a_segment_of_any_tag_is_the_services() -> None:
    assert Route("x", "GET", "/else", "handlers.health:root").tag == "Service"
    assert replace(READ, path="/players/{player_id}/notes").tag == "Players"


def checked(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openapi", "--check"], cwd=tree, capture_output=True, text=True, check=False
    )


def test_the_check_passes_for_this_tree_and_writes_nothing(project: Path) -> None:
    before = (project / "handlers" / "openapi.json").read_bytes()
    done = checked(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (project / "handlers" / "openapi.json").read_bytes() == before
