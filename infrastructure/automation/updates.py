"""One run of the engine that changes a stack: shown while it goes on, named in the history, failing in one line."""

import getpass
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Unpack

from pulumi import automation as auto

from infrastructure.automation.lean_stack import LeanStack
from infrastructure.automation.targets import Limits
from infrastructure.errors import DeployError
from infrastructure.review.changes import ChangeLog
from infrastructure.stack.settings import Settings
from infrastructure.terminal.engine_progress import EngineProgress
from infrastructure.terminal.phases import Phases

_MESSAGE = re.compile(r"(?P<tag>\d{8}-\d{6}-[0-9a-f]{8}) (?P<kind>.*?)(?: by (?P<by>.*))?")

_REMEDIES = {
    re.compile("operation error .*already exist"): (
        "A deploy that was cut off may have made it: README, Troubleshooting, tells how to take it into the state."
    ),
    re.compile("incorrect passphrase"): (
        "The state is of another passphrase. A local stack: make clean, which deletes it, then make deploy. Another: "
        "set PULUMI_CONFIG_PASSPHRASE to the one that it was made with."
    ),
    re.compile("scheduled for deletion"): (
        "make destroy keeps a secret, and its name, for a time: README, Troubleshooting, tells how to delete it now."
    ),
}
"""What to do about errors of AWS's and the engine's, of which the first is told by the way that AWS's SDK begins: a
registry says ``already exists`` of a tag too."""


class BusyError(DeployError):
    """Another update holds the stack: this one changed nothing."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deploy left: the stack's outputs, what it changed, where its time went."""

    outputs: dict[str, object]
    changes: str
    phases: Phases


@dataclass(frozen=True, slots=True)
class Message:
    """What the message of an update says: the release it brought, the kind of update, who made it, if known."""

    tag: str
    kind: str
    by: str


def read(message: str) -> Message | None:
    """What a message says that ``message`` wrote; ``None`` for another."""
    found = _MESSAGE.fullmatch(message)
    return Message(found["tag"], found["kind"], found["by"] or "") if found else None


def message(tag: str, kind: str) -> str:
    """What the history says of an update that brings ``tag``: the tag, the kind of update, who made it."""
    return f"{tag} {kind} by {os.environ.get('GITHUB_ACTOR') or _user()}"


def up(
    stack: LeanStack,
    program: auto.PulumiFn,
    message: str,
    what: str,
    *,
    phases: Phases | None = None,
    **limits: Unpack[Limits],
) -> tuple[dict[str, object], ChangeLog]:
    """Updates ``stack`` to what ``program`` declares; the stack's outputs and what changed.

    Its time goes to ``phases``. Raises ``DeployError``, which begins with ``what`` and goes on with the cause.
    """
    log = ChangeLog()
    phases = phases or Phases()
    with (
        explained(log, what, stack.settings),
        phases.phase("update"),
        EngineProgress("update", phases=phases) as progress,
    ):
        stack.up(
            program=progress.counted(program),
            on_event=both(log.record, progress.record),
            color="never",
            message=message,
            **limits,
        )
    # The outputs in the state, for when the engine's events did not come through.
    return log.outputs or dict(stack.state().outputs), log


def refresh(stack: LeanStack, message: str, total: int, phases: Phases | None = None) -> None:
    """Has the state of ``stack``, of ``total`` resources, say what is in the cloud.

    Its time goes to ``phases``. Raises ``DeployError``.
    """
    log = ChangeLog()
    phases = phases or Phases()
    with (
        explained(log, f"Reading back what is in stack {stack.name!r} failed", stack.settings),
        phases.phase("refresh"),
        EngineProgress("refresh", total=total, phases=phases) as progress,
    ):
        stack.refresh(
            clear_pending_creates=True,
            on_event=both(log.record, progress.record),
            color="never",
            message=message,
        )


@contextmanager
def explained(log: ChangeLog, what: str, settings: Settings) -> Iterator[None]:
    """Turns a failure of the engine's into its first error in one line."""
    try:
        yield
    except auto.ConcurrentUpdateError:
        raise BusyError(
            f"{what}: another update of this stack is running.",
            f"Wait until it has ended, then run this again.{'' if settings.local else _if_killed(settings.stack)}",
        ) from None
    except auto.CommandError as error:
        cause = log.cause or _last_error_line(str(error))
        remedies = (remedy for pattern, remedy in _REMEDIES.items() if pattern.search(cause))
        raise DeployError(f"{what}: {cause}", next(remedies, "DEBUG=1 shows all of it.")) from error


def both(*listeners: Callable[[auto.EngineEvent], None]) -> Callable[[auto.EngineEvent], None]:
    """One listener that tells all of ``listeners``."""

    def listen(event: auto.EngineEvent) -> None:
        for listener in listeners:
            listener(event)

    return listen


def _if_killed(stack: str) -> str:
    """How to clear the lock of an update that was killed on a backend whose locks this machine cannot judge."""
    return f' If it was killed: eval "$(make -s env STACK={stack})"; pulumi -C infrastructure cancel'


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:  # a container's user need not have a name
        return str(os.getuid())


def _last_error_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error:" in line.lower()]
    return lines[-1] if lines else output.strip().splitlines()[-1]
