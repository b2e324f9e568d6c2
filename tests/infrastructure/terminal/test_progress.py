"""What a reader sees while the engine works."""

import io
from collections.abc import Iterable
from typing import Any

import pulumi
import pytest
from pulumi.automation import EngineEvent
from rich.console import Console

from infrastructure.terminal.phases import Phases
from infrastructure.terminal.progress import Progress
from tests.support.engine_events import IMAGE, diagnostic, ended, failed, recording, step
from tests.support.terminal import COLUMNS, Screen

COMPONENT = "urn:pulumi:local::psn-emulator::psn-emulator:index:Api::api"
SMOKE = "urn:pulumi:local::psn-emulator::aws:lambda/invocation:Invocation::root-smoke"
ALIAS = "urn:pulumi:local::psn-emulator::aws:lambda/alias:Alias::root-live"


class Clock:
    """A clock that goes on by a second with each event."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lines_of(events: Iterable[EngineEvent], phases: Phases | None = None) -> list[str]:
    """The lines that are printed of the events where there is no terminal."""
    output, clock = io.StringIO(), Clock()
    console = Console(file=output, force_terminal=False, highlight=False, soft_wrap=True)
    phases = phases or Phases()
    phases.clock = clock
    with phases.phase("update"), Progress("update", phases=phases, console=console) as progress:
        for item in events:
            clock.now += 1
            progress.record(item)
    return output.getvalue().splitlines()


def screens_of(events: Iterable[EngineEvent], **how: Any) -> list[str]:
    """What a terminal shows after each of the events."""
    screen, output = Screen(), io.StringIO()
    console = Console(
        file=output, force_terminal=True, width=COLUMNS, color_system=None, legacy_windows=False
    )
    states = []
    with Progress("update", console=console, **how) as progress:
        assert progress._board._bars
        for item in events:
            progress.record(item)
            progress._board._bars.refresh()
            screen.feed(output.getvalue().replace("\n", "\r\n").encode())
            output.seek(0)
            output.truncate()
            states.append(screen.states[-1])
    screen.feed(output.getvalue().replace("\n", "\r\n").encode())
    return [*states, screen.states[-1]]


def said(line: str) -> EngineEvent:
    """What the Docker plugin says of the image."""
    return diagnostic(line, IMAGE, severity="info")


# Without a terminal


def test_each_finished_resource_is_a_plain_line() -> None:
    assert lines_of([step("create"), ended("create")]) == [
        "   2.0 s  created aws:lambda:Function players-get"
    ]


def test_what_stays_what_only_groups_and_what_is_only_planned_is_not_told() -> None:
    planned = [step("delete", planning=True), ended("delete", planning=True)]
    assert lines_of([ended("same"), ended("create", COMPONENT), *planned]) == []


def test_messages_of_a_resource_are_told_line_by_line_as_they_are() -> None:
    lines = lines_of([diagnostic("first [red]\n\nsecond\n", severity="warning")])
    assert [line.split("  ")[-1] for line in lines] == ["first [red]", "second"]


def test_of_a_build_the_steps_stay_and_the_engines_bookkeeping_does_not() -> None:
    lines = lines_of(
        [said("Step 1/2 : FROM x"), said("---> Using cache"), said(f"Step 2/2 : RUN {'x' * 900}")]
    )
    assert lines[0].endswith("Step 1/2 : FROM x")
    assert lines[1].endswith("…")
    assert len(lines) == 2
    assert len(lines[1]) < 160


def test_a_push_says_every_few_seconds_how_far_it_is() -> None:
    pushing = [said(f"aaaaaaaaaaaa Pushing [=>  ] {done}MB/20MB") for done in range(1, 15)]
    lines = lines_of([said("The push refers to repository [localhost:1/psn]"), *pushing])
    assert [line.split("  ")[-1] for line in lines[1:]] == [
        "push: 0 of 1 layers, 6.0 of 20.0 MB",
        "push: 0 of 1 layers, 11.0 of 20.0 MB",
    ]


# On a terminal


def test_bars_say_how_many_of_the_resources_are_done_and_what_is_under_way() -> None:
    *_, last, _ = screens_of([step("create"), ended("create"), step("update", ALIAS)], total=163)
    assert "1 of 163 resources, under way: root-live" in last
    assert "created" not in last


def test_what_failed_is_no_longer_under_way() -> None:
    *_, last = screens_of([step("create"), failed("create")])
    assert "under way" not in last


def test_a_build_and_a_push_have_bars_of_their_own() -> None:
    events = [
        step("update", IMAGE),
        said("Step 7/24 : RUN pip [install]"),
        said("The push refers to repository [localhost:1/psn]"),
        said("aaaaaaaaaaaa Pushing [=>  ] 5MB/20MB"),
        ended("update", IMAGE),
    ]
    screens = screens_of(events)
    assert "step 7 of 24: RUN pip [install]" in screens[1]
    building, pushing = (screens[3].splitlines()[number] for number in (1, 2))
    assert "build" in building
    assert "24 steps" in building
    assert "push" in pushing
    assert "0 of 1 layers, 5.0 of 20.0 MB" in pushing
    assert "✓ push" in screens[4]
    assert "1 layers, 20.0 MB" in screens[4]


def test_smoke_tests_are_counted_apart() -> None:
    *_, last = screens_of([step("replace", SMOKE), step("create-replacement", SMOKE), ended("create", SMOKE)])
    assert "1 functions answered" in last


def test_warnings_stand_above_the_bars_and_stay() -> None:
    *_, last = screens_of([diagnostic("this is deprecated", severity="warning"), step("create")])
    assert "this is deprecated" in last.splitlines()[0]
    assert "players-get" in last.splitlines()[1]


def test_what_is_transient_leaves_nothing() -> None:
    *_, during, after = screens_of([step("create")], transient=True)
    assert during
    assert after == ""


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    output = io.StringIO()
    with Progress("update", console=Console(file=output, force_terminal=True, width=COLUMNS)) as progress:
        progress.record(ended("create"))
    assert "created aws:lambda:Function players-get" in output.getvalue()


# The total


def test_the_resources_of_a_program_are_counted_while_it_declares_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counters: list[Any] = []
    monkeypatch.setattr(pulumi.runtime, "register_stack_transformation", counters.append)

    def declare(type_: str) -> None:
        for count in counters:
            count(pulumi.ResourceTransformationArgs(None, type_, "name", {}, pulumi.ResourceOptions()))  # type: ignore[arg-type]

    def program() -> None:
        for type_ in ("aws:lambda/function:Function", "psn-emulator:api:Gateway", "pulumi:providers:aws"):
            declare(type_)
        declare("aws:lambda/invocation:Invocation")

    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=COLUMNS, color_system=None)
    with Progress("update", console=console) as progress:
        progress.counted(program)()
        progress.record(ended("same"))
        progress.record(step("create", SMOKE))
        assert progress._board._bars
        progress._board._bars.refresh()
    assert "1 of 2 resources" in output.getvalue()
    assert "0 of 1 functions answered" in output.getvalue()


# A recorded deploy


def test_a_recorded_deploy_is_told_from_its_first_step_to_its_last_alias() -> None:
    phases = Phases()
    lines = [line.partition(" s  ")[2] for line in lines_of(recording("deploy-of-a-change"), phases)]
    assert lines[1] == "Step 1/24 : ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13"
    pushed = next(number for number, line in enumerate(lines) if "digest: sha256:" in line)
    assert lines[pushed + 1] == "updated docker:index:Image image"
    assert lines[-1].startswith("deleted aws:lambda:Invocation")
    assert {"updated aws:lambda:Function healthz-function", "updated aws:lambda:Alias healthz-live"} <= {
        *lines
    }
    assert not any("Using cache" in line or " Pushing " in line for line in lines)
    assert list(phases.seconds) == ["update", "build", "push", "smoke"]
    assert all(seconds > 0 for seconds in phases.seconds.values())


def test_a_recorded_deploy_ends_with_every_bar_full() -> None:
    *_, last = screens_of(recording("deploy-of-a-change"))
    bars = [(line.split()[1], " ".join(line.split()[4:])) for line in last.splitlines()]
    assert bars == [
        ("update", "37 resources"),
        ("build", "24 steps"),
        ("push", "3 layers, 0.3 MB"),
        ("smoke", "3 functions answered"),
    ]
