"""The keys that verify our tokens, from Secrets Manager, where a rotation adds and removes them.

Their JWKs have a member beside those of RFC 7517, never served: ``published_until``, until when others may rely on
the key, in seconds since 1970 by the machine's clock, not by a sandbox's. Without it the key is published for good.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import inf
from time import time
from typing import Any, Final

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


def is_published(jwk: Mapping[str, Any], at: float) -> bool:
    """Whether the key is published ``at`` that time, in seconds since 1970."""
    return at < float(jwk.get("published_until", inf))
