"""What a stack says of itself: outputs, history, the shell lines that let the ``pulumi`` command see it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pulumi import automation as auto

from infrastructure.automation import updates, workspace
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed
from infrastructure.stack.settings import Settings
from infrastructure.tools import engine

_ALL = 1_000_000
"""More updates than a stack ever has; without a page size the engine gives the last ten."""

_FOR_COMMANDS = frozenset({"releases", "public_jwks"})
"""The outputs in which the stack's state keeps what deploys, rollbacks and rotations need to know."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a stack: what was done (``kind``, such as ``deploy`` or ``rollback``), the release that it
    brought, if any, and who made it (``by``, empty where it is not known). ``started`` and ``ended`` are aware UTC
    times, ``ended`` None while it runs. ``live`` marks the one since which the live release runs."""

    version: int
    kind: str
    started: datetime
    ended: datetime | None
    result: str
    tag: str
    by: str
    live: bool
    message: str

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
        }


def outputs(settings: Settings) -> dict[str, Any]:
    """The stack's outputs by name, but for what only the commands read. Raises ``DeployError`` when it has none."""
    values = workspace.state(settings).outputs
    if not values:
        raise DeployError(
            f"Stack {settings.stack!r} has no outputs.",
            f"Deploy it first: make deploy STACK={settings.stack}",
        )
    return {name: value for name, value in values.items() if name not in _FOR_COMMANDS}


def history(settings: Settings) -> list[Update]:
    """The stack's updates, the newest first. The engine writes UTC, of which the Automation API drops the zone."""
    live = Deployed.from_state(workspace.state(settings)).tag
    with workspace.opened(settings, may_create=False) as opened:
        found = opened.history(page_size=_ALL)
    told = [updates.read(item.message) if item.kind == "update" else None for item in found]
    since = _since(live, found, told)
    return [
        Update(
            version=item.version or len(found) - position,
            kind=message.kind if message else item.kind,
            started=item.start_time.replace(tzinfo=UTC),
            ended=item.end_time.replace(tzinfo=UTC) if item.end_time else None,
            result=item.result,
            tag=message.tag if message else "",
            by=message.by if message else "",
            live=position == since,
            message=item.message,
        )
        for position, (item, message) in enumerate(zip(found, told, strict=True))
    ]


def _since(
    live: str | None, found: Sequence[auto.UpdateSummary], told: Sequence[updates.Message | None]
) -> int | None:
    """Where in ``found``, the newest first, the release ``live`` came into service to stay; None when it is nowhere.

    Later updates bring the same release again, as an unchanged deploy does, or none, as a refresh does.
    """
    since = None
    for position, (item, message) in enumerate(zip(found, told, strict=True)):
        if item.result != "succeeded" or not (message or item.kind == "destroy"):
            continue
        if message is None or message.tag != live:
            break
        since = position
    return since


def shell_lines(settings: Settings) -> list[str]:
    """``export`` lines after which ``pulumi stack history`` and its like work in a shell."""
    found = engine.resolve()
    variables = workspace.environment(settings) | {"PULUMI_STACK": settings.stack}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*lines, f'export PATH={shlex.quote(str(found.path.parent))}:"$PATH"']
