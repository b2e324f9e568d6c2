"""The keys that verify our tokens, from Secrets Manager, where a rotation adds and removes them."""

from datetime import timedelta
from time import time
from typing import Any, Final

from services.identity.published_until import is_published
from utils import secrets
from utils.settings import settings
from utils.ttl_cache import TTLCache

_REREAD_AFTER: Final = timedelta(seconds=2)
"""So long after a rotation may the published set be the one before."""
_PUBLIC: Final = ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg")
"""The members of a key that are published; whatever else it may have is not."""


def _read() -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = secrets.read_json(settings().public_keys_secret)["keys"]
    return keys


public_keys: Final = TTLCache(_read, _REREAD_AFTER)
"""All keys in the secret when it was read last, with their times."""


def published_keys() -> list[dict[str, str]]:
    """The public keys that verify tokens at this moment, as JWKs (RFC 7517 section 4)."""
    return _as_published_at(time())


def known_keys() -> list[dict[str, str]]:
    """The same, and the keys that were published while a browser session that still lives may have begun."""
    return _as_published_at(time() - settings().browser_session_lifetime.total_seconds())


def _as_published_at(moment: float) -> list[dict[str, str]]:
    """The public keys that are published at or after that ``moment``, in seconds since 1970."""
    keys = [key for key in public_keys() if is_published(key, moment)]
    return [{name: key[name] for name in _PUBLIC if name in key} for key in keys]
