"""Opaque cursors: where a page ended.

A cursor is a position, not a permission: what may be read is decided by the token alone, so a made-up cursor shows
nothing that an honest one would not.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from utils import json
from utils.errors import InvalidCursorException


def encode(scope: str, position: str) -> str:
    """The cursor of ``position`` in the listing ``scope``: up to a few hundred URL-safe characters."""
    return urlsafe_b64encode(json.dump([scope, position]).encode()).rstrip(b"=").decode()


def decode(cursor: str, scope: str) -> str:
    """The position in ``cursor``; :class:`InvalidCursorException` unless :func:`encode` made it for ``scope``."""
    try:
        value = json.parse(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        value = None
    match value:
        case [str(found), str(position)] if found == scope and encode(scope, position) == cursor:
            return position
    raise InvalidCursorException("The cursor is not one that this listing gave.")
