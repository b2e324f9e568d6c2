"""Until when a public key is published, which its JWK says beside the members of RFC 7517.

``published_until`` is in seconds since 1970 by the machine's clock, not by a sandbox's; it is never served. Without it
the key is published for good. The authorizer imports this module, so it imports nothing that reads the keys.
"""

from collections.abc import Mapping
from math import inf
from typing import Any


def is_published(jwk: Mapping[str, Any], at: float) -> bool:
    """Whether the key is published ``at`` that time, in seconds since 1970."""
    return at < float(jwk.get("published_until", inf))
