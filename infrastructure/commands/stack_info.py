"""A stack's outputs, its history, and the shell lines by which the ``pulumi`` command finds it."""

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pulumi import automation as auto

from infrastructure.automation import backend, update_message, workspace
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed
from infrastructure.review.changes import SYMBOLS, Operation
from infrastructure.stack.settings import Settings
from infrastructure.tools import engine

_ALL = 1_000_000
"""More updates than a stack ever has; without a page size the engine gives the last ten."""

_COUNTED = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "same": "same",
}
"""The engine's operations that the history counts, and what it calls those that were carried out."""

_MAY_CHANGE_NOTHING = re.compile("deploy|infrastructure|image|promote from .*|refresh|update")
"""The kinds of updates whose purpose is what they change. Others, such as a rotation, do something else as well."""

_DAMAGED = re.compile(r"reading history file (\S+\.history\.json)")
"""What the engine says of a file of its history that it cannot read."""

_FOR_COMMANDS = frozenset({"releases", "public_jwks"})
"""The outputs that are there for deploys, rollbacks and rotations only."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a stack: its ``kind``, such as ``deploy`` or ``rollback``, the ``tag`` of the release that it
    brought and who made it (``by``), both empty where there is none. ``started`` and ``ended`` are aware UTC times,
    ``ended`` is ``None`` while it runs. ``live`` marks the update since which the live release runs. ``changes`` are
    the numbers of resources by the engine's operations, ``same`` among them; empty where the engine did not say."""

    version: int
    kind: str
    started: datetime
    ended: datetime | None
    result: str
    tag: str
    by: str
    live: bool
    message: str
    changes: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[Operation]:
        """The number of resources that each operation changed."""
        return Counter({operation: self.changes.get(operation, 0) for operation in SYMBOLS})

    @property
    def unchanged(self) -> bool:
        """Whether it succeeded and changed nothing, neither the stack nor which release is live."""
        counted = self.result == "succeeded" and bool(self.changes) and not self.live
        return (
            counted
            and self.changes.keys() <= {"same", "read", "refresh"}
            and _MAY_CHANGE_NOTHING.fullmatch(self.kind) is not None
        )

    def as_json(self) -> dict[str, Any]:
        """The update as JSON-ready values."""
        return {
            "version": self.version,
            "kind": self.kind,
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "result": self.result,
            "tag": self.tag,
            "by": self.by,
            "live": self.live,
            "message": self.message,
            "changes": {name: self.changes.get(operation, 0) for operation, name in _COUNTED.items()},
        }


def outputs(settings: Settings) -> dict[str, Any]:
    """The stack's outputs by name, without those that only commands read. Raises ``DeployError`` when it has none."""
    values = workspace.read_state(settings).outputs
    if not values:
        raise DeployError(
            f"Stack {settings.stack!r} has no outputs.",
            f"Deploy it first: make deploy STACK={settings.stack}",
        )
    return {name: value for name, value in values.items() if name not in _FOR_COMMANDS}


def history(settings: Settings) -> list[Update]:
    """The stack's updates, the newest first. Raises ``DeployError`` when it was never deployed, and where what is
    kept of one of them is damaged."""
    live = Deployed.from_state(workspace.read_state(settings)).tag
    with workspace.open_stack(settings, may_create=False) as opened:
        try:
            summaries = opened.history(page_size=_ALL)
        except auto.CommandError as error:
            damaged = _DAMAGED.search(str(error))
            if not damaged:
                raise
            file = shlex.quote(str(backend.folder() / damaged[1]) if settings.local else damaged[1])
            raise DeployError(
                f"What is kept of an update is damaged: {file}",
                f"The others are told once it is out of the way: mv {file} {file}.damaged",
            ) from error
    messages = [
        update_message.parse_message(item.message) if item.kind == "update" else None for item in summaries
    ]
    since = _live_since(live, summaries, messages)
    return [
        Update(
            version=item.version or len(summaries) - position,
            kind=message.kind if message else item.kind,
            # The engine writes UTC, of which the Automation API drops the zone.
            started=item.start_time.replace(tzinfo=UTC),
            ended=item.end_time.replace(tzinfo=UTC) if item.end_time else None,
            result=item.result,
            tag=message.tag if message else "",
            by=message.by if message else "",
            live=position == since,
            message=item.message,
            changes={
                str(getattr(key, "value", key)): n for key, n in (item.resource_changes or {}).items() if n
            },
        )
        for position, (item, message) in enumerate(zip(summaries, messages, strict=True))
    ]


def _live_since(
    live: str | None,
    summaries: Sequence[auto.UpdateSummary],
    messages: Sequence[update_message.UpdateMessage | None],
) -> int | None:
    """The index in ``summaries``, the newest first, of the update since which the release ``live`` runs; ``None`` when
    none brought it.

    Later updates bring the same release again, as an unchanged deploy does, or none, as a refresh does.
    """
    since = None
    for position, (item, message) in enumerate(zip(summaries, messages, strict=True)):
        if item.result != "succeeded" or not (message or item.kind == "destroy"):
            continue
        if message is None or message.tag != live:
            break
        since = position
    return since


def shell_lines(settings: Settings) -> list[str]:
    """``export`` lines after which ``pulumi stack history`` and its like work in a shell."""
    resolved = engine.resolve()
    variables = workspace.engine_variables(settings) | {"PULUMI_STACK": settings.stack}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*lines, f'export PATH={shlex.quote(str(resolved.path.parent))}:"$PATH"']
