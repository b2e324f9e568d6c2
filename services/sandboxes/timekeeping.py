"""A sandbox's clock: read, set, advanced, frozen and reset.

It is kept in the sandbox's item, which every request reads anyway, so that a change holds from the next request on.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from models import durations
from models.clock import Clock, ClockChange, Due
from models.problems import FieldError
from services.sandboxes import item_changes
from utils.errors import PSNEmulatorException, ValidationException
from utils.sandbox import FIRST_MOMENT, LAST_MOMENT, REAL, Sandbox, SandboxClock

if TYPE_CHECKING:
    from models.clock_body import ClockBody


class ClockBackwardsException(PSNEmulatorException):
    """The time would be earlier than it is, and the request does not say that it may be."""

    status = 409
    code = "clock_backwards"
    title = "Clock backwards"

    def __init__(self) -> None:
        super().__init__("The clock would go backwards: allow_backwards permits that.")


def read(sandbox: Sandbox) -> Clock:
    """What the time is in ``sandbox``."""
    now, offset = _told(sandbox.clock)
    return Clock(now, sandbox.clock.frozen_at is not None, offset)


def changed(sandbox: Sandbox, due: list[Due], *, more_due: bool) -> ClockChange:
    """What the time is in ``sandbox`` after a change, and what fell due."""
    now, offset = _told(sandbox.clock)
    return ClockChange(now, sandbox.clock.frozen_at is not None, offset, due, more_due)


def change(sandbox: Sandbox, body: "ClockBody") -> Sandbox:
    """Change the clock as ``body`` says; the sandbox with its clock as it is then.

    Changes at once happen one after the other. Raises :class:`ClockBackwardsException`, :class:`ValidationException`
    for a time before 1970 or after 9998, and :class:`SandboxNotFoundException` when the sandbox ends meanwhile.
    """
    return item_changes.changed(sandbox, lambda present: _next(present.clock, body).to_attributes())


def _next(before: SandboxClock, body: "ClockBody") -> SandboxClock:
    """The clock after ``before``. One that was frozen goes on from where it stood."""
    if body.reset:
        return REAL
    real = datetime.now(UTC)
    was = before.at(real)
    target = _target(was, body)
    if target < was and not body.allow_backwards:
        raise ClockBackwardsException
    is_frozen = before.frozen_at is not None if body.freeze is None else body.freeze
    return SandboxClock(frozen_at=target) if is_frozen else SandboxClock(target - real)


def _target(was: datetime, body: "ClockBody") -> datetime:
    field = "advance" if body.now is None else "now"
    try:
        target = was + body.advance if body.advance is not None else body.now or was
    except OverflowError:
        target = None
    if target is None or not FIRST_MOMENT <= target <= LAST_MOMENT:
        raise ValidationException(
            [FieldError(field, "clock_range", "Input should lead to a time of the years 1970 to 9998.")]
        )
    return target


def _told(clock: SandboxClock) -> tuple[datetime, str]:
    """The present moment, and how far it is from the real one."""
    real = datetime.now(UTC)
    now = clock.at(real)
    return now, durations.iso8601(now - real)
