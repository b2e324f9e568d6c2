"""The scopes, and which of them are granted."""

from collections.abc import Collection, Mapping
from typing import Final

from utils.oauth_errors import InvalidScopeException

ADMIN: Final = "emulator:admin"
INTROSPECT: Final = "tokens:introspect"
OF_USERS: Final = ("openid", "profile", "email")
"""Scopes of claims about a user, which a client's own token (client credentials) cannot have."""
MEANINGS: Final[Mapping[str, str]] = {
    "openid": "Know who you are",
    "profile": "See your name and username",
    "email": "See your e-mail address",
    "players:read": "See players and their statistics",
    "players:write": "Create, change and delete players",
    INTROSPECT: "Ask whether a token is valid",
    ADMIN: "Operate the emulator",
}
"""What each scope allows, in the words of the consent page."""
SCOPES: Final = tuple(MEANINGS)
"""All scopes."""


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
