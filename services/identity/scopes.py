"""Which scopes are granted; the scopes themselves are in ``routes``."""

from collections.abc import Collection
from typing import Final

from routes import ADMIN, OFFLINE_ACCESS, SANDBOX_SCOPE, SCOPES
from utils.oauth_errors import InvalidScopeException

OF_USERS: Final = ("openid", "profile", "email", "address", "phone", OFFLINE_ACCESS)
"""Scopes of claims about a user or of a user's login, which a client's own token (client credentials) cannot have."""

_UNASKED: Final = (ADMIN, OFFLINE_ACCESS)
"""Scopes that are granted only to who names them."""


def asked(requested: str | None) -> str | None:
    """The scope that a request asks for, without the names of sandboxes in it, which ask for nothing; ``None`` for a
    request that asks for no other."""
    if requested is None:
        return None
    names = [name for name in requested.split(" ") if not name.startswith(SANDBOX_SCOPE)]
    return " ".join(names) if names else None


def granted(requested: str | None, held: Collection[str]) -> str:
    """The scope to grant of the scopes ``held``, separated by spaces; ``requested`` is the request's parameter.

    ``None`` requests all but ``emulator:admin`` and ``offline_access``, which must be named. Unknown scopes are ignored
    (RFC 6749 section 3.3), those that name a sandbox are left out, and so is ``offline_access`` where it is not held
    (OpenID Connect Core section 11).

    Raises :class:`InvalidScopeException` when more is requested than held, nothing is left, or the text is no list
    separated by single spaces.
    """
    scope = asked(requested)
    names = [name for name in held if name not in _UNASKED] if scope is None else scope.split(" ")
    known = [name for name in names if name in SCOPES and (name != OFFLINE_ACCESS or name in held)]
    if "" in names or not known or not set(known) <= set(held):
        raise InvalidScopeException("The scope is malformed, or more than may be had.")
    return " ".join(dict.fromkeys(known))
