"""The time, which every rule asks here and nowhere else."""

from datetime import UTC, datetime

from utils.sandbox import Sandbox


def now(sandbox: Sandbox) -> datetime:
    """The present moment in a sandbox, by its own clock, aware and in UTC."""
    return sandbox.clock.now()


def seconds(sandbox: Sandbox) -> int:
    """The present moment in a sandbox in whole seconds since 1970 (RFC 7519 section 2, NumericDate)."""
    return int(now(sandbox).timestamp())


def real_seconds() -> int:
    """The real present moment, whatever a sandbox's clock says, in whole seconds since 1970."""
    return int(datetime.now(UTC).timestamp())
