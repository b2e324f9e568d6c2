"""What a reader sees while the engine works."""

import io
import re
from collections.abc import Iterable
from contextlib import redirect_stderr, suppress
from typing import Any

import pulumi
import pytest
from pulumi.automation import EngineEvent

from infrastructure.terminal import display
from infrastructure.terminal.engine_progress import EngineProgress
from infrastructure.terminal.phases import Phases
from tests.infrastructure.terminal.conftest import Terminal
from tests.support.engine_events import IMAGE, diagnostic, ended, failed, recording, step

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
    clock, output = Clock(), io.StringIO()
    phases = phases or Phases()
    phases.clock = clock
    with (
        redirect_stderr(output),
        phases.phase("update"),
        EngineProgress("update", phases=phases) as progress,
    ):
        for item in events:
            clock.now += 1
            progress.record(item)
    return output.getvalue().splitlines()


def screens_of(events: Iterable[EngineEvent], terminal: Terminal, **options: Any) -> list[str]:
    """What a terminal shows after each of the events, and at the end."""
    states = []
    with redirect_stderr(terminal), EngineProgress("update", **options) as progress:
        for item in events:
            progress.record(item)
            terminal.draw()
            states.append(terminal.shown)
    return [*states, terminal.shown]


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


def test_of_a_push_the_layers_pass() -> None:
    pushing = [said(f"aaaaaaaaaaaa Pushing [=>  ] {done}MB/20MB") for done in range(1, 15)]
    lines = lines_of([said("The push refers to repository [localhost:1/psn]"), *pushing])
    assert lines == ["   1.0 s  The push refers to repository [localhost:1/psn]"]


def test_a_slow_push_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "SIGN_SECONDS", 0.0)
    output = io.StringIO()
    with redirect_stderr(output), EngineProgress("update") as progress:
        progress.record(said("aaaaaaaaaaaa Pushing [=>  ] 5MB/20MB"))
        display.DISPLAY._give_sign()
    last = output.getvalue().splitlines()[-1]
    assert re.sub(r"\d s", "N s", last) == (
        "  … update (N s, 0 resources); push (N s, 0 of 1 layers, 5MB/20MB)"
    )


# On a terminal


def test_bars_say_how_many_of_the_resources_are_done_and_what_is_under_way(terminal: Terminal) -> None:
    *_, last, _ = screens_of([step("create"), ended("create"), step("update", ALIAS)], terminal, total=163)
    assert "1 of 163 resources, under way: root-live" in last
    assert "created" not in last


def test_what_failed_is_no_longer_under_way(terminal: Terminal) -> None:
    *_, last = screens_of([step("create"), failed("create")], terminal)
    assert "under way" not in last


def test_a_build_and_a_push_have_bars_of_their_own(terminal: Terminal) -> None:
    events = [
        step("update", IMAGE),
        said("Step 7/24 : RUN pip [install]"),
        said("The push refers to repository [localhost:1/psn]"),
        said("aaaaaaaaaaaa Pushing [=>  ] 5MB/20MB"),
        ended("update", IMAGE),
    ]
    screens = screens_of(events, terminal)
    assert "step 7 of 24: RUN pip [install]" in screens[1]
    building, pushing = (screens[3].splitlines()[number] for number in (1, 2))
    assert "build" in building
    assert "24 steps" in building
    assert "push" in pushing
    assert "0 of 1 layers, 5MB/20MB" in pushing
    assert "✓ push" in screens[4]
    assert screens[4].splitlines()[2].endswith("1 layers")


def test_smoke_tests_are_counted_apart(terminal: Terminal) -> None:
    *_, last = screens_of(
        [step("replace", SMOKE), step("create-replacement", SMOKE), ended("create", SMOKE)], terminal
    )
    assert "1 functions answered" in last


def test_warnings_stand_above_the_bars_and_stay(terminal: Terminal) -> None:
    *_, last = screens_of([diagnostic("this is deprecated", severity="warning"), step("create")], terminal)
    assert "this is deprecated" in last.splitlines()[0]
    assert "players-get" in last.splitlines()[1]


def test_what_is_transient_leaves_nothing(terminal: Terminal) -> None:
    *_, during, after = screens_of([step("create")], terminal, transient=True)
    assert during
    assert after == ""


def test_a_run_that_fails_leaves_its_rows_as_far_as_they_came(terminal: Terminal) -> None:
    with redirect_stderr(terminal):
        with suppress(ZeroDivisionError), EngineProgress("update", total=2) as progress:
            progress.record(step("create", SMOKE))
            progress.record(ended("create", SMOKE))
            raise ZeroDivisionError
        update, smoke = terminal.shown.splitlines()
        assert update.startswith("✗ update")
        assert update.endswith("1 of 2 resources")
        assert smoke.endswith("1 functions answered")


# The total


def test_the_resources_of_a_program_are_counted_while_it_declares_them(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with redirect_stderr(terminal):
        counters: list[Any] = []
        monkeypatch.setattr(pulumi.runtime, "register_stack_transformation", counters.append)

        def declare(type_: str) -> None:
            for count in counters:
                count(pulumi.ResourceTransformationArgs(None, type_, "name", {}, pulumi.ResourceOptions()))  # type: ignore[arg-type]

        def program() -> None:
            for type_ in ("aws:lambda/function:Function", "psn-emulator:api:Gateway", "pulumi:providers:aws"):
                declare(type_)
            declare("aws:lambda/invocation:Invocation")

        with EngineProgress("update") as progress:
            progress.counted(program)()
            progress.record(ended("same"))
            progress.record(step("create", SMOKE))
            terminal.draw()
            update, smoke = terminal.shown.splitlines()
        assert "1 of 2 resources" in update
        assert "0 of 1 functions answered" in smoke


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


def test_a_recorded_deploy_ends_with_every_bar_full(terminal: Terminal) -> None:
    with redirect_stderr(terminal), EngineProgress("update") as progress:
        for item in recording("deploy-of-a-change"):
            progress.record(item)
    rows = [(*line.split()[:2], " ".join(line.split()[4:])) for line in terminal.shown.splitlines()]
    assert rows == [
        ("✓", "update", "37 resources"),
        ("✓", "build", "24 steps"),
        ("✓", "push", "3 layers"),
        ("✓", "smoke", "3 functions answered"),
    ]
