"""The lock-out after repeated failures: of a username, or of a client's id, for those at one source.

It counts per name and source, so that nobody can lock another out: who guesses from one address leaves the user's own
in peace. Names that nobody has are locked out too, so that a lock-out does not tell who exists. A failure is counted
after the secret was compared, so that any number of honest logins may run at once. Guesses that run at the same moment
are therefore all compared; the gateway's throttling bounds how many these are.
"""

from services import keys
from services.expiry import expiry
from utils import table
from utils.attributes import Item
from utils.oauth_errors import InvalidClientException, InvalidGrantException
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.table import ConditionFailedError
from utils.writes import Delete, Key, Update, above, below, lacks

_PAGE = 100
_LONGEST_NAME = 128
"""Characters: nobody with a longer one gets as far as to fail."""
_WORDS = "Too many failed attempts; try again later."


def user_failures_key(sandbox: Sandbox, folded_username: str, source: str) -> Key:
    """The key of the item that counts a username's failures at ``source``; ``make unlock`` deletes it."""
    return keys.partition(sandbox, "login", folded_username), source


def client_failures_key(sandbox: Sandbox, client_id: str, source: str) -> Key:
    """The key of the item that counts a client's failures at ``source``; ``make unlock`` deletes it."""
    return keys.partition(sandbox, "client-login", client_id), source


def require_user_not_locked_out(failures: Item | None, now: int) -> None:
    """Raise :class:`InvalidGrantException` while the username is locked out, with ``Retry-After`` in seconds.

    ``failures`` is the item of :func:`user_failures_key`, if it exists; ``now`` is in seconds since 1970.
    """
    if left := _seconds_left(failures, now):
        raise InvalidGrantException(_WORDS, headers={"Retry-After": str(left)})


def require_client_not_locked_out(failures: Item | None, now: int) -> None:
    """Raise :class:`InvalidClientException` while the client is locked out, as :func:`require_user_not_locked_out`."""
    if left := _seconds_left(failures, now):
        raise InvalidClientException(_WORDS, retry_after_seconds=left)


def count_failure(key: Key, now: int) -> None:
    """Count one more failure. One that comes after the period of those before begins another."""
    expires = expiry(now, now + _period())
    is_under_way = above("expires_at", now) & below("expires_at", now + _period() + 1)
    is_over = below("expires_at", now + 1) | above("expires_at", now + _period())
    more = Update(key, add={"failures": 1}, assign={**expires}, condition=lacks("expires_at") | is_under_way)
    first = Update(key, assign={"failures": 1, **expires}, condition=is_over)
    for change in (more, first, more):
        try:
            table.write(change)
        except ConditionFailedError:
            continue  # the period is over, or another attempt has just begun the next
        return


def clear_failures(key: Key, failures: Item | None) -> None:
    """Delete the failures after a success; no write when there were none."""
    if failures is not None:
        table.write(Delete(key))


def lift(sandbox: Sandbox, name: str) -> None:
    """Forget the failures of the user and of the client called ``name``, any text, at every source."""
    if len(name) > _LONGEST_NAME:
        return
    for pk, _ in (user_failures_key(sandbox, name.casefold(), ""), client_failures_key(sandbox, name, "")):
        while items := table.query(pk, limit=_PAGE):
            for item in items:
                table.write(Delete((pk, item["sk"])))


def _seconds_left(failures: Item | None, now: int) -> int:
    """Seconds of a lock-out that are left; 0 when there is none, or one of a time that the sandbox's clock has gone
    back from."""
    if failures is None or failures["failures"] < settings().lockout_failures:
        return 0
    left = int(failures["expires_at"]) - now
    return left if 0 < left <= _period() else 0


def _period() -> int:
    return int(settings().lockout_period.total_seconds())
