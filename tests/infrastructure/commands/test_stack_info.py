"""What a stack says of itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from infrastructure.automation import update_message, workspace
from infrastructure.commands import stack_info
from infrastructure.errors import DeployError
from infrastructure.release.state import STACK, StackState
from infrastructure.stack.loading import load_settings

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ZONELESS = START.replace(tzinfo=None)
"""The same as the Automation API gives it: the engine's UTC, without the zone."""
OLD, NEW = "20260101-000000-aaaaaaaa", "20260102-000000-bbbbbbbb"

Told = tuple[str, str, str]
"""An update as the engine tells of it: its kind, its result, its message."""


@pytest.fixture
def updated(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a stack whose live release is ``live`` and that had these updates, the oldest first."""

    def have(live: str, *told: Told, changes: dict[str, dict[str, int]] = {}) -> None:  # noqa: B006 - not changed
        class Engine:
            def history(self, page_size: int = 10) -> list[Any]:
                """The newest updates; ten of them unless asked for more, as the real one does it."""
                return [
                    SimpleNamespace(
                        version=0,
                        kind=kind,
                        start_time=ZONELESS,
                        end_time=ZONELESS if result != "in-progress" else None,
                        result=result,
                        message=message,
                        resource_changes=changes.get(message),
                    )
                    for kind, result, message in reversed(told)
                ][:page_size]

        @contextmanager
        def opened(_: str, *, may_create: bool) -> Iterator[Engine]:
            assert not may_create
            yield Engine()

        state = StackState({"urn": {"type": STACK, "outputs": {"image_tag": live}}})
        monkeypatch.setattr(workspace, "open_stack", opened)
        monkeypatch.setattr(workspace, "read_state", lambda _: state)

    return have


def test_the_history_holds_every_update_under_its_own_number(updated: Callable[..., None]) -> None:
    updated(OLD, *[("update", "succeeded", f"{OLD} deploy")] * 12)
    assert [update.version for update in stack_info.history(load_settings("local"))] == list(range(12, 0, -1))


def test_the_history_says_what_was_done_with_which_release_and_by_whom(updated: Callable[..., None]) -> None:
    updated(
        OLD,
        ("update", "succeeded", f"{OLD} deploy by ada"),
        ("update", "succeeded", f"{NEW} promote from dev by bob of ops"),
        ("update", "succeeded", f"{OLD} automatic return"),
        ("update", "succeeded", "by hand"),
    )
    told = [(update.tag, update.kind, update.by) for update in stack_info.history(load_settings("local"))]
    assert told == [
        ("", "update", ""),
        (OLD, "automatic return", ""),
        (NEW, "promote from dev", "bob of ops"),
        (OLD, "deploy", "ada"),
    ]


def test_what_updates_are_called_is_what_the_history_reads(
    updated: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    updated(OLD, ("update", "succeeded", update_message.update_message(OLD, "automatic return")))
    [told] = stack_info.history(load_settings("local"))
    assert (told.tag, told.kind, told.by) == (OLD, "automatic return", "ada")


def test_a_refresh_releases_nothing(updated: Callable[..., None]) -> None:
    updated(OLD, ("refresh", "succeeded", "refresh"))
    [told] = stack_info.history(load_settings("local"))
    assert (told.kind, told.tag) == ("refresh", "")


def test_the_update_that_made_the_live_release_live_is_marked(updated: Callable[..., None]) -> None:
    updated(
        OLD,
        ("update", "succeeded", f"{OLD} deploy"),
        ("update", "succeeded", f"{NEW} deploy"),
        ("update", "failed", f"{OLD} rollback"),
        ("update", "succeeded", f"{OLD} rollback"),
        ("update", "failed", f"{NEW} deploy"),
    )
    assert [update.live for update in stack_info.history(load_settings("local"))] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_the_mark_stays_with_the_first_of_the_updates_that_brought_the_live_release_in_a_row(
    updated: Callable[..., None],
) -> None:
    updated(
        NEW,
        ("update", "succeeded", f"{NEW} deploy"),
        ("update", "succeeded", f"{OLD} rollback"),
        ("update", "succeeded", f"{NEW} deploy"),
        ("update", "succeeded", f"{NEW} deploy"),
        ("refresh", "succeeded", "refresh"),
        ("update", "failed", f"{OLD} rollback"),
        ("update", "succeeded", "by hand"),
        ("update", "succeeded", f"{NEW} rotate-keys"),
        ("update", "in-progress", f"{OLD} deploy"),
    )
    assert [update.version for update in stack_info.history(load_settings("local")) if update.live] == [3]


@pytest.mark.parametrize(
    ("result", "message", "changes", "unchanged"),
    [
        ("succeeded", f"{OLD} deploy", {"same": 9}, True),
        ("succeeded", f"{OLD} promote from dev by ada", {"same": 9}, True),
        ("succeeded", "by hand", {"same": 9}, True),
        ("succeeded", f"{OLD} deploy", {"same": 8, "update": 1}, False),
        ("succeeded", f"{OLD} deploy", {"same": 8, "delete-replaced": 1}, False),
        ("succeeded", f"{OLD} rotate-keys", {"same": 9}, False),
        ("succeeded", f"{OLD} rollback", {"same": 9}, False),
        ("succeeded", f"{OLD} deploy", None, False),
        ("failed", f"{OLD} deploy", {"same": 9}, False),
        ("in-progress", f"{OLD} deploy", None, False),
    ],
)
def test_an_update_is_unchanged_if_it_changed_neither_the_stack_nor_anything_else(
    updated: Callable[..., None],
    result: str,
    message: str,
    changes: dict[str, int] | None,
    unchanged: bool,
) -> None:
    updated(NEW, ("update", result, message), changes={message: changes} if changes else {})
    [told] = stack_info.history(load_settings("local"))
    assert told.unchanged == unchanged
    assert told.as_json()["changes"]["same"] == (changes or {}).get("same", 0)


def test_the_update_since_which_the_live_release_runs_is_never_folded(updated: Callable[..., None]) -> None:
    updated(OLD, ("update", "succeeded", f"{OLD} deploy"), changes={f"{OLD} deploy": {"same": 9}})
    [told] = stack_info.history(load_settings("local"))
    assert told.live
    assert not told.unchanged


def test_a_release_that_came_back_after_a_destroy_is_live_since_then(updated: Callable[..., None]) -> None:
    updated(
        OLD,
        ("update", "succeeded", f"{OLD} promote from dev"),
        ("destroy", "succeeded", "destroy"),
        ("update", "succeeded", f"{OLD} promote from dev"),
    )
    assert [update.version for update in stack_info.history(load_settings("local")) if update.live] == [3]


def test_the_times_of_the_history_are_utc_and_say_so(updated: Callable[..., None]) -> None:
    updated(OLD, ("update", "succeeded", f"{OLD} deploy"), ("update", "in-progress", f"{OLD} deploy"))
    running, done = stack_info.history(load_settings("local"))
    assert (running.started, running.ended) == (START, None)
    assert (done.started, done.ended) == (START, START)
    assert done.as_json()["ended"] == "2026-01-02T03:04:05+00:00"


def test_outputs_are_those_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    state = StackState({"urn": {"type": STACK, "outputs": {"image_tag": "t", "releases": []}}})
    monkeypatch.setattr(workspace, "read_state", lambda _: state)
    assert stack_info.outputs(load_settings("local")) == {"image_tag": "t"}


def test_a_stack_without_outputs_is_an_error_that_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workspace, "read_state", lambda _: StackState())
    with pytest.raises(DeployError) as refused:
        stack_info.outputs(load_settings("local-two"))
    assert refused.value.remedy == "Deploy it first: make deploy STACK=local-two"
