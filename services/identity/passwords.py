"""Passwords and client secrets as argon2id hashes in PHC form (RFC 9106)."""

from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

_STRENGTHS: Final = ("time_cost", "memory_cost", "parallelism", "hash_len", "salt_len")
"""The parameters that make a hash stronger; more lanes do not, but a new hash keeps them."""

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id with the parameters of OWASP's Password Storage Cheat Sheet: two passes over 19 MiB, one lane."""

DUMMY_HASH: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$wEZ5cSr/vFuMQLjKZ0qHYQ$eRhQ9WKsiBvby7wlzRBSXOUdIeB8dOqBmrJbxUPDABg"
)
"""The hash of random bytes that were not kept. The password of a user that does not exist is compared with it, so that
the time an answer takes does not tell who exists."""


def matches(password_hash: str, password: str) -> bool:
    """Whether ``password`` is the one of ``password_hash``, by the parameters in the hash.

    Raises argon2's ``InvalidHashError`` for text that is no hash.
    """
    try:
        return HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def is_outdated(password_hash: str) -> bool:
    """Whether a new hash of the same password would be stronger, because a parameter of ``password_hash`` is lower.

    A hash with higher parameters is kept; argon2's own ``check_needs_rehash`` is true for every difference.
    """
    parameters = extract_parameters(password_hash)
    return any(getattr(parameters, name) < getattr(HASHER, name) for name in _STRENGTHS)


def strengthened(password: str, *password_hashes: str) -> str:
    """A new hash of ``password``, of which no parameter is lower than in any of ``password_hashes`` or our own."""
    known = [HASHER, *map(extract_parameters, password_hashes)]
    highest = {name: max(getattr(one, name) for one in known) for name in _STRENGTHS}
    return PasswordHasher(**highest).hash(password)
