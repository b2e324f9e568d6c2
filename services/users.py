"""Users: who may log in.

The stack's seed, a secret, is the source of truth. A user becomes an item of the table at the first login in a
sandbox, and again when the seed's entry has changed. The item adds what the seed cannot know: whether the
sandbox locked the user, and the password's hash once it was made again with newer parameters.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from services import clock, lockout
from services.sessions import ACTIVE, user_key
from utils import json, secrets, table
from utils.attributes import Item
from utils.errors import InvalidGrantError
from utils.remembered import Remembered
from utils.settings import settings
from utils.table import ConditionFailed
from utils.writes import ABSENT, Key, Put, equals

_REREAD_AFTER: Final = timedelta(minutes=1)
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id with the parameters of OWASP's Password Storage Cheat Sheet; memory in KiB."""


@dataclass(frozen=True, slots=True)
class User:
    """Who logged in; ``scopes`` are those that may be granted, in the seed's order."""

    subject: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A user in the seed."""

    username: str
    subject: str
    password_hash: str = field(repr=False)
    email: str
    email_verified: bool
    name: str
    scopes: tuple[str, ...]
    fingerprint: str
    """Changes when anything of the entry does."""

    @classmethod
    def from_seed(cls, entry: Mapping[str, Any]) -> "_Entry":
        fingerprint = hashlib.sha256(json.dump(entry).encode()).hexdigest()
        return cls(**{**entry, "scopes": tuple(entry["scopes"])}, fingerprint=fingerprint)


_UNKNOWN: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$wEZ5cSr/vFuMQLjKZ0qHYQ$eRhQ9WKsiBvby7wlzRBSXOUdIeB8dOqBmrJbxUPDABg"
)
"""The hash of random bytes that were not kept."""

_NOBODY: Final = _Entry(
    username="",
    subject="nobody",
    password_hash=_UNKNOWN,
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
    entry = seed().get(folded, _NOBODY)
    key, failures_key = user_key(sandbox, entry.subject), lockout.failures_key(sandbox, folded)
    found = table.get_many([key, failures_key])
    before, failures = found.get(key), found.get(failures_key)
    lockout.require_open(failures, now)
    current = before is not None and before["seed"] == entry.fingerprint
    password_hash = before["password_hash"] if before and current else entry.password_hash
    welcome = entry is not _NOBODY and (before is None or before["status"] == ACTIVE)
    if not (_matches(password_hash, password) and welcome):
        lockout.count_failure(failures_key, failures, now)
        raise InvalidGrantError("The username or the password is wrong.")
    lockout.forget_failures(failures_key, failures)
    if _HASHER.check_needs_rehash(password_hash):
        _store(key, entry, before, _HASHER.hash(password))
    elif not current:
        _store(key, entry, before, password_hash)
    return User(entry.subject, entry.scopes)


def _read_seed() -> dict[str, _Entry]:
    entries = map(_Entry.from_seed, secrets.read_json(settings().seed_secret)["users"])
    return {entry.username.casefold(): entry for entry in entries}


seed: Final = Remembered(_read_seed, _REREAD_AFTER)
"""The seed's users by casefolded username."""


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def _store(key: Key, entry: _Entry, before: Item | None, password_hash: str) -> None:
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
