"""What a stack says of itself: outputs, history, the shell lines that let the ``pulumi`` command see it."""

import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infrastructure import workspace
from infrastructure.errors import DeployError
from infrastructure.local import engine
from infrastructure.settings import is_local


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
    """The stack's outputs by name. Raises ``DeployError`` when it has none."""
    _require_state(stack)
    with workspace.opened(stack, _nothing, may_create=False) as opened:
        values = {name: output.value for name, output in opened.stack.outputs().items()}
    if not values:
        raise DeployError(f"Stack {stack!r} has no outputs.", f"Deploy it first: make deploy STACK={stack}")
    return values


def history(stack: str) -> list[Update]:
    """The stack's updates, the newest first."""
    _require_state(stack)
    with workspace.opened(stack, _nothing, may_create=False) as opened:
        return [
            Update(
                version=item.version or 0,
                kind=item.kind,
                started=item.start_time,
                ended=item.end_time,
                result=item.result,
                tag=item.message.split(" ", 1)[0] if item.kind == "update" else "",
                message=item.message,
            )
            for item in opened.stack.history()
        ]


def shell_lines(stack: str) -> list[str]:
    """``export`` lines after which ``pulumi stack history`` and its like work in a shell."""
    found = engine.resolve()
    variables = workspace.environment(stack) | {"PULUMI_STACK": stack}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*lines, f'export PATH={shlex.quote(str(found.path.parent))}:"$PATH"']


def _require_state(stack: str) -> None:
    if is_local(stack) and not workspace.state_exists(stack):
        raise DeployError(
            f"Stack {stack!r} was never deployed from here.", f"Deploy it: make deploy STACK={stack}"
        )


def _nothing() -> None:
    """The program of a stack that is only looked at."""
