"""The lock-out of a username after repeated failed logins, in each sandbox by itself.

Usernames that no user has are locked out too, so that a lock-out does not tell who exists. A failure is counted after
the password was compared, so that any number of honest logins may run at once. Guesses that run at the same moment are
therefore all compared; the gateway's throttling bounds how many these are.
"""

from datetime import timedelta
from typing import Final

from utils import table
from utils.attributes import Item
from utils.oauth_errors import InvalidGrantException
from utils.table import ConditionFailedError
from utils.writes import Delete, Key, Put, Update, equals

MAX_FAILURES: Final = 10
"""Failures in a row after which a login is refused without comparing the password."""

PERIOD: Final = timedelta(minutes=15)
"""How long failures count and a lock-out lasts, from the last failure that was counted."""


def failures_key(sandbox: str, folded_username: str) -> Key:
    """The key of the item that counts a username's failures."""
    return f"{sandbox}#login#{folded_username}", "-"


def require_not_locked_out(failures: Item | None, now: int) -> None:
    """Raise :class:`InvalidGrantException` while the username is locked out, with ``Retry-After`` in seconds.

    ``failures`` is the item of :func:`failures_key`, if it exists; ``now`` is in seconds since 1970.
    """
    if failures is None or failures["failures"] < MAX_FAILURES or failures["expires_at"] <= now:
        return
    seconds_left = failures["expires_at"] - now
    raise InvalidGrantException(
        "Too many failed attempts; try again later.", headers={"Retry-After": str(seconds_left)}
    )


def count_failure(key: Key, failures: Item | None, now: int) -> None:
    """Count one more failure; ``failures`` is the item of ``key`` as it was read before the password was compared."""
    pk, sk = key
    expires_at = now + int(PERIOD.total_seconds())
    if failures is not None and failures["expires_at"] <= now:
        first = {"pk": pk, "sk": sk, "failures": 1, "expires_at": expires_at}
        try:
            table.write(Put(first, equals("expires_at", failures["expires_at"])))
        except ConditionFailedError:
            pass  # Another attempt has begun the new period; this one is added to it below.
        else:
            return
    table.write(Update(key, add={"failures": 1}, assign={"expires_at": expires_at}))


def clear_failures(key: Key, failures: Item | None) -> None:
    """Delete the failures after a successful login; no write when there were none."""
    if failures is not None:
        table.write(Delete(key))
