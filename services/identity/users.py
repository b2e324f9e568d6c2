"""Users: the login with username and password.

Who exists is told by ``services.identity.accounts``. A user becomes an item of the table at the first login in a
sandbox, and is stored again when its entry has changed. The item adds what the entry cannot know: whether the user is
locked in the sandbox, and the password's hash with stronger parameters than the entry's.
"""

from contextlib import suppress
from typing import Final

from services.identity import accounts, lockout, passwords
from services.identity.grant_basis import basis_of_session
from services.identity.seed import SeedUser, newest_seed, seed
from services.identity.sessions import ACTIVE, user_key
from utils import table
from utils.attributes import Item
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.table import NOTHING, ConditionFailedError, Snapshot
from utils.writes import ABSENT, Condition, Key, Put, equals

_WRONG: Final = "The username or the password is wrong."

UNKNOWN_USER: Final = SeedUser(
    username="",
    subject="nobody",
    password_hash=passwords.DUMMY_HASH,
    email="",
    email_verified=False,
    name="",
    scopes=(),
    fingerprint="",
)
"""Stands in for a username that no user has, so that refusing it takes as long as refusing a wrong password."""


def login_keys(sandbox: Sandbox, username: str, source: str) -> list[Key]:
    """The keys of what :func:`authenticate` reads, as far as no read is needed to know them."""
    if sandbox.has_accounts:
        return []
    folded = username.casefold()
    user = accounts.find_user(sandbox, folded) or UNKNOWN_USER
    counters = _counters(sandbox, user, folded, source)
    return [user_key(sandbox, user.subject), *(counter.key for counter in counters)]


def _counters(sandbox: Sandbox, user: SeedUser, folded: str, source: str) -> tuple[lockout.Counter, ...]:
    return lockout.counters(
        sandbox,
        lambda where: lockout.user_failures_key(where, folded, source),
        is_the_stacks=user.password_hash == _stacks(folded).password_hash,
    )


def authenticate(
    sandbox: Sandbox, username: str, password: str, source: str, read: Snapshot = NOTHING
) -> SeedUser:
    """The user with this username, compared without regard to case, and this password, who asks from ``source``.

    ``read`` is what was read just before, perhaps of :func:`login_keys`.
    Raises :class:`InvalidGrantException`: in the same words and after the same work whether the username is unknown,
    the password wrong or the user locked; in other words, with ``Retry-After``, while the username is locked out
    for this source.
    """
    folded = username.casefold()
    if settings().faults:
        _refuse_magic(folded)
    seed_user = accounts.find_user(sandbox, folded) or UNKNOWN_USER
    key, counters = user_key(sandbox, seed_user.subject), _counters(sandbox, seed_user, folded, source)
    items = table.get_many_but(read, [key, *(counter.key for counter in counters)])
    item = items.get(key)
    lockout.require_user_not_locked_out(counters, items)
    is_current = item is not None and item["seed"] == seed_user.fingerprint
    password_hash = item["password_hash"] if item and is_current else seed_user.password_hash
    may_log_in = seed_user is not UNKNOWN_USER and (item is None or item["status"] == ACTIVE)
    if not (passwords.matches(password_hash, password) and may_log_in):
        lockout.count(counters)
        raise InvalidGrantException(_WRONG)
    if (
        item is not None
        and not is_current
        and accounts.find_user(sandbox, folded, newest_seed()) != seed_user
    ):
        return authenticate(
            sandbox, username, password, source
        )  # another function knew a newer seed than this one
    lockout.clear(counters, items)
    if passwords.is_outdated(password_hash):
        stronger = passwords.strengthened(password, password_hash, seed_user.password_hash)
        _store(key, seed_user, item, stronger)
    elif not is_current:
        _store(key, seed_user, item, password_hash)
    return seed_user


def _refuse_magic(folded: str) -> None:
    """Raise :class:`InvalidGrantException` for a username that stands for a fault, and count nothing: nobody has it."""
    from services.emulation import magic

    if folded == magic.LOCKED:
        lockout.refuse(int(settings().lockout_period.total_seconds()))
    if magic.is_magic(folded):
        raise InvalidGrantException(_WRONG)


def known(sandbox: Sandbox, user: SeedUser) -> SeedUser | None:
    """``user`` by the newest entry, in the table as after a login; ``None`` if there is none any more, or is locked."""
    key = user_key(sandbox, user.subject)
    item = table.get(key)
    if item is not None and item["status"] != ACTIVE:
        return None
    if item is not None and item["seed"] == user.fingerprint:
        return user
    newest = accounts.find_subject(sandbox, user.subject, newest_seed())
    if newest is not None:
        _store(key, newest, item, newest.password_hash)
    return newest


def user_item(
    key: Key, entry: SeedUser, before: Item | None, password_hash: str, status: str = ACTIVE
) -> Item:
    """The item of a user, of its ``entry``, in place of the one ``before``."""
    pk, sk = key
    return {
        "pk": pk,
        "sk": sk,
        "subject": entry.subject,
        "username": entry.username,
        "email": entry.email,
        "email_verified": entry.email_verified,
        "name": entry.name,
        "claims": dict(entry.more),
        "scopes": list(entry.scopes),
        "status": status,
        "seed": entry.fingerprint,
        "basis": basis_of_session(entry),
        "password_hash": password_hash,
        "version": before["version"] + 1 if before else 1,
    }


def unchanged(before: Item | None) -> Condition:
    """The condition that a user's item is as it was ``before``."""
    return equals("version", before["version"]) if before else ABSENT


def _stacks(folded_username: str) -> SeedUser:
    """The user of the stack's seed, or who stands in for none."""
    return seed().users.get(folded_username, UNKNOWN_USER)


def _store(key: Key, entry: SeedUser, before: Item | None, password_hash: str) -> None:
    """Store the ``entry`` in the item of an active user, unless another request changed the item ``before``.

    What changed it may have locked the user, which must not be undone.
    """
    with suppress(ConditionFailedError):
        table.write(Put(user_item(key, entry, before, password_hash), unchanged(before)))
