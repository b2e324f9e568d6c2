"""The time, asked in this one place."""

from datetime import UTC, datetime


def now(sandbox: str) -> datetime:  # noqa: ARG001 - every caller says whose time it wants
    """The present moment in ``sandbox``, aware and in UTC."""
    return datetime.now(UTC)
