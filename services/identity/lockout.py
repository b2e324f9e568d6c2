"""The lock-out after repeated failures: of a username, or of a client's id, for those at one source.

It counts per name and source, so that nobody can lock another out: who guesses from one address leaves the user's own
in peace. Names that nobody has are locked out too, so that a lock-out does not tell who exists. A failure is counted
after the secret was compared, so that any number of honest logins may run at once. Guesses that run at the same moment
are therefore all compared; the gateway's throttling bounds how many these are.

A sandbox counts for itself. But who guesses at a credential of the stack's seed, which sandboxes have in common, may
not go on in the next one: such failures in sandboxes count for the stack too, by real time, with a higher limit, which
no sandbox alone reaches.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from services import clock, keys
from services.expiry import expiry
from utils import table
from utils.attributes import Item
from utils.oauth_errors import InvalidClientException, InvalidGrantException
from utils.sandbox import Sandbox
from utils.settings import DEFAULT_SANDBOX, settings
from utils.table import ConditionFailedError
from utils.writes import Delete, Key, Update, above, below, lacks

STACK: Final = Sandbox("")
"""Where what is of all sandboxes together is counted."""
SANDBOXES: Final = 10
"""How many sandboxes may reach their limit by guesses at the stack's credential before all refuse it."""
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


@dataclass(frozen=True, slots=True)
class Counter:
    """Where failures are counted: the key of the item, the time there in seconds since 1970, and how many lock out."""

    key: Key
    now: int
    most: int


def counters(
    sandbox: Sandbox, key_in: Callable[[Sandbox], Key], *, is_the_stacks: bool
) -> tuple[Counter, ...]:
    """Where failures in ``sandbox`` are counted that have the key ``key_in`` it: there, and where the credential
    ``is_the_stacks`` for the stack."""
    most = settings().lockout_failures
    own = Counter(key_in(sandbox), clock.seconds(sandbox), most)
    if sandbox.name == DEFAULT_SANDBOX or not is_the_stacks:
        return (own,)
    return own, Counter(key_in(STACK), clock.real_seconds(), most * SANDBOXES)


def require_user_not_locked_out(counted: Iterable[Counter], items: Mapping[Key, Item]) -> None:
    """Raise :class:`InvalidGrantException` while the username is locked out, with ``Retry-After`` in seconds.

    ``items`` are those of the counters, as far as they exist.
    """
    if left := _seconds_left(counted, items):
        refuse(left)


def refuse(seconds: int) -> NoReturn:
    """Raise :class:`InvalidGrantException` of a user who is locked out for so many more ``seconds``."""
    raise InvalidGrantException(_WORDS, headers={"Retry-After": str(seconds)})


def require_client_not_locked_out(counted: Iterable[Counter], items: Mapping[Key, Item]) -> None:
    """Raise :class:`InvalidClientException` while the client is locked out, as :func:`require_user_not_locked_out`."""
    if left := _seconds_left(counted, items):
        raise InvalidClientException(_WORDS, retry_after_seconds=left)


def count(counted: Iterable[Counter]) -> None:
    """Count one more failure."""
    for counter in counted:
        count_failure(counter.key, counter.now)


def clear(counted: Iterable[Counter], items: Mapping[Key, Item]) -> None:
    """Delete the failures after a success; no write when there were none."""
    for counter in counted:
        if counter.key in items:
            table.write(Delete(counter.key))


def count_failure(key: Key, now: int) -> None:
    """Count one more failure under ``key``. One that comes after the period of those before begins another."""
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


def lift(sandbox: Sandbox, name: str) -> None:
    """Forget the failures of the user and of the client called ``name``, any text, at every source; in the default
    sandbox those that count for the stack too."""
    if len(name) > _LONGEST_NAME:
        return
    where = [sandbox, STACK] if sandbox.name == DEFAULT_SANDBOX else [sandbox]
    partitions = [
        key[0]
        for place in where
        for key in (user_failures_key(place, name.casefold(), ""), client_failures_key(place, name, ""))
    ]
    for pk in partitions:
        while items := table.query(pk, limit=_PAGE):
            for item in items:
                table.write(Delete((pk, item["sk"])))


def _seconds_left(counted: Iterable[Counter], items: Mapping[Key, Item]) -> int:
    """Seconds of the longest lock-out that are left; 0 when there is none, or one of a time that the sandbox's clock
    has gone back from."""
    left = [
        int(item["expires_at"]) - counter.now
        for counter in counted
        if (item := items.get(counter.key)) and item["failures"] >= counter.most
    ]
    return max((seconds for seconds in left if 0 < seconds <= _period()), default=0)


def _period() -> int:
    return int(settings().lockout_period.total_seconds())
