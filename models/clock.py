"""A sandbox's clock in the API's answers; no pydantic, see ``models.responses``."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from models.examples import Examples

type Kind = Literal["access_token"]


@dataclass(frozen=True, slots=True)
class Due:
    """What has fallen due: an access token, whose ``id`` is its ``jti``, expired at ``due_at`` by the sandbox's clock.

    ``subject`` and ``client_id`` are the token's.
    """

    kind: Kind
    id: str
    due_at: datetime
    subject: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock: ``now``, whether it is ``frozen`` and stands still, and its ``offset`` to real time by ISO 8601."""

    now: datetime
    frozen: bool
    offset: str


@dataclass(frozen=True, slots=True)
class ClockChange(Clock):
    """The clock after a change, and what fell ``due`` since that was last told.

    ``more_due`` says that there is more of it, which the next change tells.
    """

    due: list[Due] = field(default_factory=list)
    more_due: bool = False


def examples() -> Examples:
    """See ``models.examples``."""
    now = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
    due = Due(
        kind="access_token",
        id="q1nVQ8W0S3m5cY2bX7tK4g.h2sKfXyZ0aQ9bW3cD5eF7g",
        due_at=datetime(2026, 1, 2, 8, 15, tzinfo=UTC),
        subject="9c588f6d-700d-473d-879c-c547c665f9e8",
        client_id="psn-emulator",
    )
    return {
        Clock: {"An hour ahead": Clock(now, frozen=False, offset="PT1H")},
        ClockChange: {"An hour later": ClockChange(now, frozen=False, offset="PT1H", due=[due])},
    }
