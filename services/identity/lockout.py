"""The lock-out of a username after repeated failures, in each sandbox by itself.

Usernames that no one has are locked out alike, so nothing is learnt of who exists. A failure is counted once the
password was compared, so that any number of honest logins may run at once; guesses that run at the same moment
are therefore all compared, and it is the gateway's throttling that bounds these.
"""

from datetime import timedelta
from typing import Final

from utils import table
from utils.attributes import Item
from utils.oauth_errors import InvalidGrantError
from utils.table import ConditionFailed
from utils.writes import Delete, Key, Put, Update, equals

MAX_FAILURES: Final = 10
"""In a row; whatever comes next is refused without a look at the password."""

PERIOD: Final = timedelta(minutes=15)
"""How long failures count, and how long the lock-out lasts: from the last one that was counted."""


def failures_key(sandbox: str, folded_username: str) -> Key:
    """Where the failures of a username are counted."""
    return f"{sandbox}#login#{folded_username}", "-"


def require_open(failures: Item | None, now: int) -> None:
    """Raise :class:`InvalidGrantError` while the username is locked out, with the time left as ``Retry-After``."""
    if failures is None or failures["failures"] < MAX_FAILURES or failures["expires_at"] <= now:
        return
    wait = {"Retry-After": str(failures["expires_at"] - now)}
    raise InvalidGrantError("Too many failed attempts; try again later.", headers=wait)


def count_failure(key: Key, failures: Item | None, now: int) -> None:
    """Count one more failure after ``failures``, which is what was stored before the attempt."""
    pk, sk = key
    expires_at = now + int(PERIOD.total_seconds())
    if failures is not None and failures["expires_at"] <= now:
        anew = {"pk": pk, "sk": sk, "failures": 1, "expires_at": expires_at}
        try:
            table.write(Put(anew, equals("expires_at", failures["expires_at"])))
        except ConditionFailed:
            pass  # Another attempt began the new period and is counted on below.
        else:
            return
    table.write(Update(key, add={"failures": 1}, assign={"expires_at": expires_at}))


def forget_failures(key: Key, failures: Item | None) -> None:
    """Begin again after a success; costs a write only if there were failures."""
    if failures is not None:
        table.write(Delete(key))
