"""What a stack says of itself: outputs, history, the shell lines that let the ``pulumi`` command see it."""

import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infrastructure import release, workspace
from infrastructure.errors import DeployError
from infrastructure.local import engine

_ALL = 1_000_000
"""More updates than a stack ever has; without a page size the engine gives the last ten."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update of a stack. ``started`` and ``ended`` are aware UTC times, ``ended`` None while it runs."""

    version: int
    kind: str
    started: datetime
    ended: datetime | None
    result: str
    tag: str
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
            "message": self.message,
        }


def outputs(stack: str) -> dict[str, Any]:
    """The stack's outputs by name, but for the releases that it keeps. Raises ``DeployError`` when it has none."""
    found = release.outputs(workspace.resources(stack))
    if not found:
        raise DeployError(f"Stack {stack!r} has no outputs.", f"Deploy it first: make deploy STACK={stack}")
    return {name: value for name, value in found.items() if name != "releases"}


def history(stack: str) -> list[Update]:
    """The stack's updates, the newest first."""
    workspace.resources(stack)
    with workspace.opened(stack, may_create=False) as opened:
        updates = opened.history(page_size=_ALL)
    return [
        Update(
            version=item.version or len(updates) - position,
            kind=item.kind,
            started=item.start_time,
            ended=item.end_time,
            result=item.result,
            tag=item.message.partition(" ")[0] if item.kind == "update" else "",
            message=item.message,
        )
        for position, item in enumerate(updates)
    ]


def shell_lines(stack: str) -> list[str]:
    """``export`` lines after which ``pulumi stack history`` and its like work in a shell."""
    found = engine.resolve()
    variables = workspace.environment(stack) | {"PULUMI_STACK": stack}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*lines, f'export PATH={shlex.quote(str(found.path.parent))}:"$PATH"']
