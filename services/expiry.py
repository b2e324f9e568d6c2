"""Items that expire.

``expires_at`` is a fact of the sandbox's clock, and every reader compares it with that clock. ``purge_at`` is of real
time, and tells DynamoDB when it may delete the item (Amazon DynamoDB Developer Guide: "Using time to live"), which it
does within days. Both are whole seconds since 1970.
"""

from datetime import timedelta
from typing import Final, TypedDict

from services import clock

KEPT: Final = timedelta(days=1)
"""How long an item that has expired stays at the least, where its sandbox's clock keeps pace with real time."""


class Expiry(TypedDict):
    """The attributes of an item that expires."""

    expires_at: int
    purge_at: int


def expiry(now: int, expires_at: int) -> Expiry:
    """The attributes of an item that expires at ``expires_at``; it is ``now``, both by the sandbox's clock."""
    left = max(0, expires_at - now)
    return {"expires_at": expires_at, "purge_at": clock.real_seconds() + left + int(KEPT.total_seconds())}
