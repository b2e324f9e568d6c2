"""What may be granted to whom."""

from collections.abc import Collection, Mapping
from typing import Final

from utils.oauth_errors import InvalidScopeError

ADMIN: Final = "emulator:admin"
INTROSPECT: Final = "tokens:introspect"
OF_USERS: Final = ("openid", "profile", "email")
"""What is said of users, so that it means nothing in a token of a client alone."""
MEANINGS: Final[Mapping[str, str]] = {
    "openid": "Know who you are",
    "profile": "See your name and username",
    "email": "See your e-mail address",
    "players:read": "See players and their statistics",
    "players:write": "Create, change and delete players",
    INTROSPECT: "Ask whether a token is valid",
    ADMIN: "Operate the emulator",
}
"""What each scope allows, as a user who is asked for it reads it."""
SCOPES: Final = tuple(MEANINGS)
"""Every scope there is."""


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
