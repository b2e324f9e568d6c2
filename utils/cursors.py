"""Opaque cursors: where a page ended, signed, so that none but those that were given are taken."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from utils.errors import InvalidCursorException

_SIGNATURE_BYTES = 16
"""A truncated HMAC-SHA256 keeps the strength of what is left of it (RFC 2104 section 5)."""


def encode(secret: bytes, listing: str, position: str) -> str:
    """The cursor of ``position`` in ``listing``: URL-safe characters, a third more than the position and 16."""
    return urlsafe_b64encode(_signature(secret, listing, position) + position.encode()).rstrip(b"=").decode()


def decode(secret: bytes, listing: str, cursor: str) -> str:
    """The position in ``cursor``; :class:`InvalidCursorException` unless :func:`encode` made it of the same."""
    try:
        position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_SIGNATURE_BYTES:].decode()
    except ValueError:
        raise InvalidCursorException from None
    if not hmac.compare_digest(encode(secret, listing, position).encode(), cursor.encode()):
        raise InvalidCursorException
    return position


def _signature(secret: bytes, listing: str, position: str) -> bytes:
    return hmac.digest(secret, f"{listing}\n{position}".encode(), "sha256")[:_SIGNATURE_BYTES]
