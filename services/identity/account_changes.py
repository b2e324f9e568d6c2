"""Changes to who exists in a sandbox: all items of one, and the sandbox's own, in one transaction.

The sandbox's item counts the entries, the hidden ones too, and its ``serial`` lets one change at a time happen, so that
what a change rests on is still so when it is written. Nothing that was issued outlives what it was issued for: an entry
that takes something away, or comes after a deletion, begins another ``epoch``, which every basis contains.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from account_rules import DEFAULT_SECRETS
from models.problems import FieldError
from services.identity import passwords
from services.sandboxes.opening import alive, unchanged
from utils import table
from utils.errors import NotFoundException, PSNEmulatorException, ThrottledException, ValidationException
from utils.sandbox import Sandbox, sandbox_key
from utils.settings import settings
from utils.table import ConditionFailedError
from utils.writes import Key, Put, Update

_UNGUARDED: Final = ("local", "dev")


class AccountNotFoundException(NotFoundException):
    """No user, or no client, of this name exists in the sandbox."""

    code = "account_not_found"
    title = "Account not found"

    def __init__(self) -> None:
        super().__init__("There is none of this name in the sandbox.")


class AccountConflictException(PSNEmulatorException):
    """The name or the subject belongs to somebody else; nothing was changed."""

    status = 409
    code = "account_conflict"
    title = "Account conflict"


@dataclass(frozen=True, slots=True)
class Change[T]:
    """The writes of a change, and what it results in."""

    writes: Sequence[Put]
    result: T


def make[T](sandbox: Sandbox, entry: Key, plan: Callable[[Sandbox], Change[T]]) -> T:
    """Make the change that ``plan`` makes of the sandbox as it is; ``entry`` is the item that is counted.

    It is planned anew when another change came in between. Raises what ``plan`` raises, and
    :class:`ThrottledException` when others come in between again and again, or the sandbox was reset.
    """
    for _ in table.attempts():
        item = table.get(sandbox_key(sandbox.name))
        present = alive(sandbox, item)
        if present is None or present.generation != sandbox.generation:
            raise ThrottledException("The sandbox was reset meanwhile.")
        change = plan(present)
        more = 0 if present.has_accounts and table.get(entry) else 1
        count = Update(
            sandbox_key(sandbox.name), add={"accounts": more, "serial": 1}, condition=unchanged(item)
        )
        try:
            table.transact(*change.writes, count)
        except ConditionFailedError:
            continue
        return change.result
    raise ThrottledException("Too many requests change the users and clients of the sandbox at once.")


def hash_of(secret: str, before: str | None) -> str:
    """A hash of a password or secret: the one ``before`` if that is of the same.

    Raises :class:`ValidationException` for a documented one where the stack lets in none.
    """
    if not is_unguarded() and secret in DEFAULT_SECRETS:
        raise ValidationException([FieldError("body", "default", "It is a documented one of local and dev.")])
    if before is not None and passwords.matches(before, secret):
        return before
    return passwords.HASHER.hash(secret)


def is_unguarded() -> bool:
    """Whether the stack lets in documented secrets, and redirect URIs of one's own network."""
    return settings().environment in _UNGUARDED


def new_epoch() -> str:
    """The epoch of an entry that is to outlive nothing: a random text."""
    return secrets.token_urlsafe(9)
