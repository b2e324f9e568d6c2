"""The time, asked in this one place."""

from datetime import UTC, datetime


def now(_sandbox: str) -> datetime:
    """The present moment in a sandbox, aware and in UTC: the same in all of them."""
    return datetime.now(UTC)
