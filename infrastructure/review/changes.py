"""The changes that an update makes, or would make, read off the engine's events."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi.automation import EngineEvent, OpType, StepEventMetadata
from pulumi.automation.events import DiffKind, PropertyDiff

from infrastructure.release.state import is_in_the_cloud, resource_name
from infrastructure.review.consequences import Consequence, consequence_of
from infrastructure.review.differences import differences

Operation = Literal["create", "update", "replace", "delete"]

_OPERATIONS: dict[OpType, Operation] = {
    OpType.CREATE: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.DELETE: "delete",
}
SYMBOLS: dict[Operation, str] = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's marker of a secret, not a secret
_STACK = "pulumi:pulumi:Stack"
_ENDINGS = {"", "update failed", "preview failed", "refresh failed", "destroy failed"}
"""How the engine sums up a failure whose cause was an earlier message."""
_PARENTS = (_STACK, "psn-emulator:")
"""Types, by how they begin, that only group other resources."""
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')
_COMPONENT = re.compile(r"psn-emulator:(\w+):")


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A path in a resource's inputs, its value before and after, and whether the change replaces the resource."""

    path: str
    before: Any
    after: Any
    replaces: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource. ``type`` is the Pulumi type token, ``name`` the resource's logical name.

    ``properties`` are all inputs of a new resource, and the changed ones of any other; secrets are masked.
    """

    operation: Operation
    type: str
    name: str
    urn: str
    properties: tuple[PropertyChange, ...]

    @property
    def component(self) -> str:
        """The component that the resource belongs to, by its module, such as ``storage``; else ``stack``."""
        component = _COMPONENT.search(self.urn)
        return component[1] if component else "stack"

    @property
    def consequence(self) -> Consequence | None:
        """What a replacement or deletion of the resource means; ``None`` for other operations."""
        return consequence_of(self.operation, self.type) if is_in_the_cloud(self.type) else None

    def as_json(self) -> dict[str, Any]:
        """The change as JSON-ready values."""
        consequence = self.consequence
        return {
            "operation": self.operation,
            "group": self.component,
            "type": self.type,
            "name": self.name,
            "urn": self.urn,
            "consequence": {"severity": consequence.severity, "text": consequence.text}
            if consequence
            else None,
            "properties": [
                {"path": p.path, "before": p.before, "after": p.after, "replaces": p.replaces}
                for p in self.properties
            ],
        }


@dataclass(slots=True)
class ChangeLog:
    """Collects the changes, the errors and the stack's ``outputs`` of one engine run; pass ``record`` as its
    ``on_event``."""

    changes: list[Change] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    _program_errors: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def record(self, event: EngineEvent) -> None:
        """Takes one engine event."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata)
        elif (ended := event.res_outputs_event) and ended.metadata.type == _STACK and ended.metadata.new:
            self.outputs = dict(ended.metadata.new.outputs or {})
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._error(_one_line(event.diagnostic_event.message), event.diagnostic_event.urn or "")

    @property
    def cause(self) -> str | None:
        """The first error of a resource, else the first of the program; ``None`` without errors."""
        return next(iter(self.errors + self._program_errors), None)

    def counts(self) -> Counter[Operation]:
        """The number of resources that each operation touches."""
        return Counter(change.operation for change in self.changes)

    def _error(self, message: str, urn: str) -> None:
        if message in _ENDINGS:
            return
        if not urn or _STACK in urn:
            self._program_errors.append(message)
        else:
            self.errors.append(f"{resource_name(urn)}: {message}")

    def _step(self, step: StepEventMetadata) -> None:
        operation = _OPERATIONS.get(step.op)
        if operation is None or step.type.startswith(_PARENTS) or step.urn in self._seen:
            return
        self._seen.add(step.urn)
        properties = tuple(_creation_inputs(step) if operation == "create" else _properties(step))
        self.changes.append(Change(operation, step.type, resource_name(step.urn), step.urn, properties))


def summary(counts: Counter[Operation], *, done: bool) -> str:
    """``2 to create, 1 to update``, or once it is done ``2 created, 1 updated``; else ``no changes``."""
    parts = [
        f"{counts[operation]} {operation.removesuffix('e')}ed"
        if done
        else f"{counts[operation]} to {operation}"
        for operation in SYMBOLS
        if counts[operation]
    ]
    return ", ".join(parts) or "no changes"


def _properties(step: StepEventMetadata) -> Iterator[PropertyChange]:
    """The changed inputs. Of a difference to the outputs, where changes by hand show, the old value is there too."""
    old = step.old.inputs if step.old else {}
    old_outputs = step.old.outputs if step.old else {}
    new = step.new.inputs if step.new else {}
    detailed = step.detailed_diff or {key: PropertyDiff(DiffKind.UPDATE, True) for key in step.diffs or []}
    for path, diff in sorted(detailed.items()):
        steps = [_key(match) for match in _STEP.finditer(path)]
        before = _value_at(old, steps) if diff.input_diff else _value_at(old_outputs, steps)
        replaces = "replace" in str(diff.diff_kind.value)
        for difference in differences(path, _masked(before), _masked(_value_at(new, steps))):
            yield PropertyChange(*difference, replaces)


def _creation_inputs(step: StepEventMetadata) -> Iterator[PropertyChange]:
    """The inputs of a new resource, without the engine's own."""
    inputs = (step.new.inputs if step.new else None) or {}
    for key, value in sorted(inputs.items()):
        if not key.startswith("__"):
            yield PropertyChange(key, None, _masked(value), replaces=False)


def _key(match: re.Match[str]) -> str | int:
    quoted, index, plain = match.groups()
    return int(index) if index is not None else quoted or plain


def _value_at(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _masked(value: Any) -> Any:
    """The value with ``[secret]`` for secrets and ``(known after the deploy)`` for unknown ones."""
    if isinstance(value, dict):
        if _SECRET in value:
            return "[secret]"
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, str) and _UNKNOWN in value:
        return "(known after the deploy)"
    return value


def _one_line(message: str) -> str:
    lines = [line.strip() for line in re.sub(r"<\{%.*?%\}>", "", message).splitlines() if line.strip()]
    return " ".join(lines)
