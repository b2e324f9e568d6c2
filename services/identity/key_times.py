"""When a key of ours is in use: two members of its JWK beside those of RFC 7517, never served.

``signs_from`` says from when the key signs; of several, the one that began last does. ``published_until`` says
until when others may rely on it. Both are seconds since 1970 by the machine's clock, not by a sandbox's. A key
that lacks them signs from the beginning and is published for good, as the first one of a stack is.
"""

from collections.abc import Mapping
from math import inf
from typing import Any


def signs_from(jwk: Mapping[str, Any]) -> float:
    """From when the key signs."""
    return float(jwk.get("signs_from", -inf))


def is_published(jwk: Mapping[str, Any], at: float) -> bool:
    """Whether the key is published ``at`` that time."""
    return at < float(jwk.get("published_until", inf))
