"""The ``id_token_hint`` of a client: the user who it believes is logged in.

By OpenID Connect Core section 3.1.2.1 and RP-Initiated Logout 1.0 section 2, where an expired ID token is accepted.
"""

from dataclasses import dataclass
from typing import Any

from services.identity.public_keys import published_keys
from utils.settings import settings

_ALGORITHMS = ["ES256", "RS256"]


@dataclass(frozen=True, slots=True)
class Hint:
    """The subject of an ID token, and the client it was issued to."""

    subject: str
    client_id: str


def read_hint(id_token: str) -> Hint | None:
    """The hint in ``id_token``, any text; ``None`` unless it is an authentic ID token of this issuer."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    keys: Any = {"keys": published_keys()}
    try:
        token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        return None
    claims = token.claims
    subject, client_id = claims.get("sub"), claims.get("aud")
    if token.header.get("typ") != "JWT" or claims.get("iss") != settings().issuer:
        return None
    if not isinstance(subject, str) or not isinstance(client_id, str):
        return None
    return Hint(subject, client_id)
