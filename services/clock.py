"""The time, asked in this one place."""

from datetime import UTC, datetime


def now(_sandbox: str) -> datetime:
    """The present moment in a sandbox, aware and in UTC: the same in all of them."""
    return datetime.now(UTC)


def seconds(sandbox: str) -> int:
    """The present moment in a sandbox in whole seconds since 1970, as JWTs have it (RFC 7519 NumericDate)."""
    return int(now(sandbox).timestamp())
