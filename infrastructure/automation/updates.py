"""Runs of the engine that change a stack: with progress, a message in the history, and errors of one line."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Unpack

from pulumi import automation as auto

from infrastructure.automation import protection
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.automation.targets import UpdateTargets
from infrastructure.errors import DeployError
from infrastructure.review.changes import ChangeLog
from infrastructure.stack.settings import Settings
from infrastructure.terminal.engine_progress import EngineProgress
from infrastructure.terminal.phases import Phases

_RECORDED_CALLS = 11
"""The SDK's own, from the constructor of a resource inwards, and those of the program that lead there."""

_REMEDIES = {
    re.compile("operation error .*already exist"): (
        "A deploy that was cut off may have made it: README, Troubleshooting, tells how to take it into the state."
    ),
    re.compile("ResourceNotFoundException|NoSuchEntity"): (
        "Something is gone that the state has: make deploy STACK={stack} REFRESH=1 reads back what is there."
    ),
    re.compile("incorrect passphrase"): (
        "The state is of another passphrase. A local stack: make clean, which deletes it, then make deploy. Another: "
        "set PULUMI_CONFIG_PASSPHRASE to the one that it was made with."
    ),
    re.compile("scheduled for deletion"): (
        "make destroy keeps a secret, and its name, for a time: README, Troubleshooting, tells how to delete it now."
    ),
}
"""What to do about an error, by what it says. ``operation error`` is how those of AWS's SDK begin: a registry says
``already exists`` of a tag too."""


class BusyError(DeployError):
    """Another update of the stack is running: this one changed nothing."""


def up(
    stack: LeanStack,
    program: auto.PulumiFn,
    message: str,
    failure: str,
    *,
    phases: Phases | None = None,
    **targets: Unpack[UpdateTargets],
) -> tuple[dict[str, object], ChangeLog]:
    """Updates ``stack`` to what ``program`` declares; the stack's outputs and what changed.

    Its time goes to ``phases``. Raises ``DeployError``, whose cause begins with ``failure``, and ``BusyError`` while
    another update runs.
    """
    log = ChangeLog()
    phases = phases or Phases()
    with (
        translate_errors(log, failure, stack.settings),
        phases.phase("update"),
        EngineProgress("update", phases=phases) as progress,
    ):
        stack.up(
            program=traced_briefly(progress.counted(program)),
            on_event=fan_out(log.record, progress.record),
            color="never",
            message=message,
            **targets,
        )
    # The outputs in the state, for when the engine's events did not come through.
    return log.outputs or dict(stack.state().outputs), log


def traced_briefly[T](program: Callable[[], T]) -> Callable[[], T]:
    """``program``, of whose calls the SDK records the last few with each resource that it declares.

    All of them, from the interpreter's start, are half of the state, which the engine writes twice for each resource
    that it changes.
    """

    def run() -> T:
        before = getattr(sys, "tracebacklimit", None)
        sys.tracebacklimit = _RECORDED_CALLS
        try:
            return program()
        finally:
            if before is None:
                del sys.tracebacklimit
            else:
                sys.tracebacklimit = before

    return run


def refresh(stack: LeanStack, message: str, total: int, phases: Phases | None = None) -> None:
    """Makes the state of ``stack``, of ``total`` resources, say what is in the cloud ("pulumi refresh").

    Its time goes to ``phases``. Raises ``DeployError``.
    """
    log = ChangeLog()
    phases = phases or Phases()
    with (
        translate_errors(log, f"Reading back what is in stack {stack.name!r} failed", stack.settings),
        phases.phase("refresh"),
        EngineProgress("refresh", total=total, phases=phases) as progress,
    ):
        stack.refresh(
            clear_pending_creates=True,
            on_event=fan_out(log.record, progress.record),
            color="never",
            message=message,
        )


@contextmanager
def translate_errors(log: ChangeLog, failure: str, settings: Settings) -> Iterator[None]:
    """Turns the engine's errors into ``DeployError``: ``failure``, then the first error in ``log``, or else the last
    line with one that the engine wrote."""
    try:
        yield
    except auto.ConcurrentUpdateError:
        raise BusyError(
            f"{failure}: another update of this stack is running.",
            f"Wait until it has ended, then run this again.{'' if settings.local else _if_killed(settings.stack)}",
        ) from None
    except auto.CommandError as error:
        cause = log.cause or _last_error_line(str(error))
        if refused := protection.refusal(cause, settings.stack):
            raise DeployError(f"{failure}: {refused.cause}.", refused.remedy) from error
        remedies = (remedy for pattern, remedy in _REMEDIES.items() if pattern.search(cause))
        remedy = next(remedies, "DEBUG=1 shows all of it.").replace("{stack}", settings.stack)
        raise DeployError(f"{failure}: {cause}", remedy) from error


def fan_out(*listeners: Callable[[auto.EngineEvent], None]) -> Callable[[auto.EngineEvent], None]:
    """A listener that passes each event to all of ``listeners``."""

    def listen(event: auto.EngineEvent) -> None:
        for listener in listeners:
            listener(event)

    return listen


def _if_killed(stack: str) -> str:
    """How to remove the lock that a killed update left on a backend other than the local one."""
    return f' If it was killed: eval "$(make -s env STACK={stack})"; pulumi -C infrastructure cancel'


def _last_error_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error:" in line.lower()]
    return lines[-1] if lines else output.strip().splitlines()[-1]
