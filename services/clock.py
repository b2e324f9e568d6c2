"""The time, which every rule asks here and nowhere else."""

from datetime import UTC, datetime


def now(_sandbox: str) -> datetime:
    """The present moment in a sandbox, aware and in UTC; it is the same in every sandbox."""
    return datetime.now(UTC)


def seconds(sandbox: str) -> int:
    """The present moment in a sandbox in whole seconds since 1970 (RFC 7519 section 2, NumericDate)."""
    return int(now(sandbox).timestamp())


def real_seconds() -> int:
    """The real present moment, whatever a sandbox's clock says, in whole seconds since 1970."""
    return int(datetime.now(UTC).timestamp())
