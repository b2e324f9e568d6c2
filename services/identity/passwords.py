"""Passwords and client secrets: argon2id, and the same work for those that there are not."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id with the parameters of OWASP's Password Storage Cheat Sheet; memory in KiB."""

UNKNOWN: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$wEZ5cSr/vFuMQLjKZ0qHYQ$eRhQ9WKsiBvby7wlzRBSXOUdIeB8dOqBmrJbxUPDABg"
)
"""The hash of random bytes that were not kept: what a password is compared with where there is no hash."""


def matches(password_hash: str, password: str) -> bool:
    """Whether ``password`` is the one that was hashed."""
    try:
        return HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
