"""Opaque cursors: the position at which a page ended, signed by HMAC so that only those we issued are accepted."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from utils.errors import InvalidCursorException

_SIGNATURE_BYTES = 16
"""A truncated HMAC-SHA256 keeps the strength of what is left of it (RFC 2104 section 5)."""


def encode(secret: bytes, listing: str, position: str) -> str:
    """The cursor of ``position`` in ``listing``: base64url of a 16-byte signature and the position, unpadded."""
    return urlsafe_b64encode(_signature(secret, listing, position) + position.encode()).rstrip(b"=").decode()


def decode(secret: bytes, listing: str, cursor: str) -> str:
    """The position in ``cursor``.

    Raises :class:`InvalidCursorException` unless :func:`encode` made it with the same ``secret`` and ``listing``.
    """
    try:
        position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_SIGNATURE_BYTES:].decode()
    except ValueError:
        raise InvalidCursorException from None
    if not hmac.compare_digest(encode(secret, listing, position).encode(), cursor.encode()):
        raise InvalidCursorException
    return position


def _signature(secret: bytes, listing: str, position: str) -> bytes:
    return hmac.digest(secret, f"{listing}\n{position}".encode(), "sha256")[:_SIGNATURE_BYTES]
