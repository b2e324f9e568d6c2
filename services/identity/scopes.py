"""What may be granted to whom; the scopes themselves stand in ``routes``."""

from collections.abc import Collection
from typing import Final

from routes import ADMIN
from utils.oauth_errors import InvalidScopeError

OF_USERS: Final = ("openid", "profile", "email")
"""What is said of users, so that it means nothing in a token of a client alone."""


def granted(requested: str | None, held: Collection[str]) -> str:
    """The scope to grant to one who holds the scopes ``held``.

    Who requests none gets all but ``emulator:admin``, which must be named. Raises :class:`InvalidScopeError` for
    more than is held, for nothing at all, and for text that is no list of scopes separated by one space (RFC 6749
    section 3.3).
    """
    names = [scope for scope in held if scope != ADMIN] if requested is None else requested.split(" ")
    if not names or not set(names) <= set(held):
        raise InvalidScopeError("The scope is malformed, or more than may be had.")
    return " ".join(dict.fromkeys(names))
