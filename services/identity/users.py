"""Users: who may log in.

The stack's seed, a secret, is the source of truth. A user becomes an item of the table at the first login in a
sandbox, and again when the seed's entry has changed. The item adds what the seed cannot know: whether the
sandbox locked the user, and the password's hash once it was made again with newer parameters.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from services import clock
from services.identity import lockout, passwords
from services.identity.seed import Entry, seed
from services.identity.sessions import ACTIVE, user_key
from utils import table
from utils.attributes import Item
from utils.oauth_errors import InvalidGrantError
from utils.table import ConditionFailed
from utils.writes import ABSENT, Key, Put, equals


@dataclass(frozen=True, slots=True)
class User:
    """Who logged in; ``scopes`` are those that may be granted, in the seed's order."""

    subject: str
    scopes: tuple[str, ...]


_NOBODY: Final = Entry(
    username="",
    subject="nobody",
    password_hash=passwords.UNKNOWN,
    email="",
    email_verified=False,
    name="",
    scopes=(),
    fingerprint="",
)
"""Stands for every username that no one has, so that refusing these takes as long."""


def authenticate(sandbox: str, username: str, password: str) -> User:
    """The user with this username, without regard to case, and password.

    Raises :class:`InvalidGrantError`: in the same words and after the same work whether the username is unknown,
    the password wrong or the user locked; in other words while the username is locked out.
    """
    now = int(clock.now(sandbox).timestamp())
    folded = username.casefold()
    entry = seed().users.get(folded, _NOBODY)
    key, failures_key = user_key(sandbox, entry.subject), lockout.failures_key(sandbox, folded)
    found = table.get_many([key, failures_key])
    before, failures = found.get(key), found.get(failures_key)
    lockout.require_open(failures, now)
    current = before is not None and before["seed"] == entry.fingerprint
    password_hash = before["password_hash"] if before and current else entry.password_hash
    welcome = entry is not _NOBODY and (before is None or before["status"] == ACTIVE)
    if not (passwords.matches(password_hash, password) and welcome):
        lockout.count_failure(failures_key, failures, now)
        raise InvalidGrantError("The username or the password is wrong.")
    lockout.forget_failures(failures_key, failures)
    if passwords.HASHER.check_needs_rehash(password_hash):
        _store(key, entry, before, passwords.HASHER.hash(password))
    elif not current:
        _store(key, entry, before, password_hash)
    return User(entry.subject, entry.scopes)


def _store(key: Key, entry: Entry, before: Item | None, password_hash: str) -> None:
    """Bring an active user's item up to the seed. Whoever came first wins, which may have been a lock."""
    pk, sk = key
    item = {
        "pk": pk,
        "sk": sk,
        "subject": entry.subject,
        "username": entry.username,
        "email": entry.email,
        "email_verified": entry.email_verified,
        "name": entry.name,
        "scopes": list(entry.scopes),
        "status": ACTIVE,
        "seed": entry.fingerprint,
        "password_hash": password_hash,
        "version": before["version"] + 1 if before else 1,
    }
    with suppress(ConditionFailed):
        table.write(Put(item, equals("version", before["version"]) if before else ABSENT))
