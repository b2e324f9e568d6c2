"""Which scopes are granted; the scopes themselves are in ``routes``."""

from collections.abc import Collection
from typing import Final

from routes import ADMIN, OFFLINE_ACCESS, SCOPES
from utils.oauth_errors import InvalidScopeException

OF_USERS: Final = ("openid", "profile", "email", "address", "phone", OFFLINE_ACCESS)
"""Scopes of claims about a user or of a user's login, which a client's own token (client credentials) cannot have."""

_UNASKED: Final = (ADMIN, OFFLINE_ACCESS)
"""Scopes that are granted only to who names them."""


def granted(requested: str | None, held: Collection[str]) -> str:
    """The scope to grant of the scopes ``held``, separated by spaces; ``requested`` is the request's parameter.

    ``None`` requests all but ``emulator:admin`` and ``offline_access``, which must be named. Unknown scopes are ignored
    (RFC 6749 section 3.3), and so is ``offline_access`` where it is not held (OpenID Connect Core section 11).

    Raises :class:`InvalidScopeException` when more is requested than held, nothing is left, or the text is no list
    separated by single spaces.
    """
    names = [scope for scope in held if scope not in _UNASKED] if requested is None else requested.split(" ")
    known = [name for name in names if name in SCOPES and (name != OFFLINE_ACCESS or name in held)]
    if "" in names or not known or not set(known) <= set(held):
        raise InvalidScopeException("The scope is malformed, or more than may be had.")
    return " ".join(dict.fromkeys(known))
