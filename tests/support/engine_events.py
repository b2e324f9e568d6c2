"""The engine's events: made for one test, or recorded from a run with the local AWS (all but three functions and the
outputs of resources left out)."""

import json
from pathlib import Path
from typing import Any

from pulumi.automation import EngineEvent

from infrastructure.review.changes import ChangeLog

FUNCTION = "urn:pulumi:local::psn-emulator::psn-emulator:functions:Function$aws:lambda/function:Function::players-get"
TABLE = "urn:pulumi:local::psn-emulator::psn-emulator:storage:Storage$aws:dynamodb/table:Table::table"
IMAGE = "urn:pulumi:local::psn-emulator::psn-emulator:image:Images$docker:index/image:Image::image"

_FOLDER = Path(__file__).with_name("events")


def recording(name: str) -> list[EngineEvent]:
    """The events of a recorded run."""
    lines = (_FOLDER / f"{name}.jsonl").read_text().splitlines()
    return [EngineEvent.from_json(json.loads(line)) for line in lines]


def logged(events: list[EngineEvent]) -> ChangeLog:
    """What the events say of changes."""
    log = ChangeLog()
    for event in events:
        log.record(event)
    return log


def event(kind: str, content: dict[str, Any]) -> EngineEvent:
    """An event of a kind, such as ``resourcePreEvent``."""
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: content})


def step(op: str, urn: str = FUNCTION, *, planning: bool = False, **metadata: Any) -> EngineEvent:
    """The event with which the engine announces a step."""
    return event("resourcePreEvent", {"metadata": _metadata(op, urn) | metadata, "planning": planning})


def ended(op: str, urn: str = FUNCTION, *, planning: bool = False, **metadata: Any) -> EngineEvent:
    """The event with which the engine says that a step is done."""
    return event("resOutputsEvent", {"metadata": _metadata(op, urn) | metadata, "planning": planning})


def failed(op: str, urn: str = FUNCTION) -> EngineEvent:
    """The event with which the engine says that a step has failed."""
    return event("resOpFailedEvent", {"metadata": _metadata(op, urn), "status": 0, "steps": 1})


def state(inputs: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """The part of an event that holds a resource's inputs and outputs."""
    known = {"type": "", "urn": FUNCTION, "id": "", "parent": "", "provider": ""}
    return known | {"inputs": inputs, "outputs": outputs or {}}


def diagnostic(message: str, urn: str = FUNCTION, severity: str = "error") -> EngineEvent:
    """The event of a message about a resource."""
    return event("diagnosticEvent", {"message": message, "color": "never", "severity": severity, "urn": urn})


def update(
    before: dict[str, Any], after: dict[str, Any], urn: str = FUNCTION, op: str = "update", **diff: str
) -> EngineEvent:
    """The event of an update whose changed paths are ``diff``, with two underscores for a dot."""
    detailed = {path.replace("__", "."): {"diffKind": kind, "inputDiff": True} for path, kind in diff.items()}
    return step(op, urn, old=state(before), new=state(after), detailedDiff=detailed)


def _metadata(op: str, urn: str) -> dict[str, Any]:
    return {"op": op, "urn": urn, "type": urn.split("::")[2].rpartition("$")[2], "provider": ""}
