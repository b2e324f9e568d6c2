"""The keys that verify our tokens, from Secrets Manager, where a rotation adds and removes them."""

from datetime import timedelta
from time import time
from typing import Any, Final

from services.identity.key_times import is_published
from utils import secrets
from utils.settings import settings
from utils.ttl_cache import Remembered

_REREAD_AFTER: Final = timedelta(seconds=30)
"""A rotation counts on it (``infrastructure.commands.rotate_keys``)."""
_PUBLIC: Final = ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg")
"""The members of a public key; whatever else a key may have, it is not published."""


def _read() -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = secrets.read_json(settings().public_keys_secret)["keys"]
    return keys


public_keys: Final = Remembered(_read, _REREAD_AFTER)
"""All that were published when they were read last, with their times."""


def published() -> list[dict[str, str]]:
    """The keys to verify tokens of this moment with, as JWKs (RFC 7517 section 4)."""
    present = time()
    keys = [key for key in public_keys() if is_published(key, present)]
    return [{name: key[name] for name in _PUBLIC if name in key} for key in keys]
