"""What a reader sees while the engine works."""

import io
from typing import Any

from pulumi.automation import EngineEvent
from rich.console import Console

from infrastructure.progress import Progress

FUNCTION = "urn:pulumi:local::psn-emulator::aws:lambda/function:Function::players-get"
COMPONENT = "urn:pulumi:local::psn-emulator::psn-emulator:index:Api::api"


def event(kind: str, op: str, urn: str = FUNCTION, *, planning: bool = False) -> EngineEvent:
    """An event of a step's begin (``resourcePreEvent``) or end (``resOutputsEvent``)."""
    metadata = {"op": op, "urn": urn, "type": urn.split("::")[2], "provider": ""}
    return EngineEvent.from_json(
        {"sequence": 1, "timestamp": 1, kind: {"metadata": metadata, "planning": planning}}
    )


def shown(*events: EngineEvent, terminal: bool = False) -> str:
    """What ``Progress`` prints of the events, on a terminal or without one."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, width=120, highlight=False, soft_wrap=True)
    times = iter(range(1000))
    with Progress(console, clock=lambda: float(next(times))) as progress:
        for item in events:
            progress.record(item)
    return output.getvalue()


def test_without_a_terminal_each_finished_resource_is_a_plain_line() -> None:
    text = shown(event("resourcePreEvent", "create"), event("resOutputsEvent", "create"))
    assert text == "   1.0 s  created aws:lambda:Function players-get\n"


def test_on_a_terminal_a_live_line_counts_what_is_under_way() -> None:
    pending = "urn:pulumi:local::psn-emulator::aws:lambda/alias:Alias::live"
    text = shown(
        event("resourcePreEvent", "create"),
        event("resOutputsEvent", "create"),
        event("resourcePreEvent", "update", pending),
        terminal=True,
    )
    assert "1 done, 1 under way: live" in text
    assert "created" not in text


def test_what_stays_and_what_only_groups_is_not_told() -> None:
    assert shown(event("resOutputsEvent", "same"), event("resOutputsEvent", "create", COMPONENT)) == ""


def test_messages_of_a_resource_are_told_line_by_line() -> None:
    diagnostic: dict[str, Any] = {"message": "Step 1/9\n[Step] 2/9\n", "color": "never", "severity": "info"}
    text = shown(EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": diagnostic}))
    assert [line.split("  ")[-1] for line in text.splitlines()] == ["Step 1/9", "[Step] 2/9"]


def test_what_is_only_planned_is_not_told_as_done() -> None:
    planned = event("resOutputsEvent", "delete", planning=True)
    assert shown(event("resourcePreEvent", "delete", planning=True), planned) == ""
