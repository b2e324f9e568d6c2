"""Which scopes are granted; the scopes themselves are in ``routes``."""

from collections.abc import Collection
from typing import Final

from routes import ADMIN
from utils.oauth_errors import InvalidScopeException

OF_USERS: Final = ("openid", "profile", "email", "address", "phone")
"""Scopes of claims about a user, which a client's own token (client credentials) cannot have."""


def granted(requested: str | None, held: Collection[str]) -> str:
    """The scope to grant of the scopes ``held``, separated by spaces; ``requested`` is the request's parameter.

    ``None`` requests all but ``emulator:admin``, which must be named. Raises :class:`InvalidScopeException` when more
    is requested than held, or nothing is left, or the text is no list separated by single spaces (RFC 6749 section
    3.3).
    """
    names = [scope for scope in held if scope != ADMIN] if requested is None else requested.split(" ")
    if not names or not set(names) <= set(held):
        raise InvalidScopeException("The scope is malformed, or more than may be had.")
    return " ".join(dict.fromkeys(names))
