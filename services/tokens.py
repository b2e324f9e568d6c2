"""Access tokens: JWTs by RFC 9068, issued together with the refresh token that gets the next one."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import Final

from models.auth import Tokens
from services.keys import SigningKey
from utils.access_token import JWT_TYPE
from utils.settings import settings

_BEARER: Final = "Bearer"

SIMPLE_CLIENT: Final = "psn-emulator"
"""The ``client_id`` of those who log in by the simple form, which names no client."""


@dataclass(frozen=True, slots=True)
class Family:
    """What all tokens descending from one login have in common. ``expires_at`` is in seconds since 1970."""

    sandbox: str
    id: str
    subject: str
    client_id: str
    scope: str
    expires_at: int


def issue(family: Family, refresh_token: str, *, at: int, key: SigningKey) -> Tokens:
    """The tokens that come with ``refresh_token``, issued ``at`` (seconds since 1970).

    The same for the same arguments, to the byte: ``jti`` is derived and the signature deterministic. No access
    token outlives its family, which is where its revocation is kept.
    """
    deployment = settings()
    lifetime = int(deployment.access_token_lifetime.total_seconds())
    expires_at = min(at + lifetime, family.expires_at)
    claims = {
        "iss": deployment.issuer,
        "sub": family.subject,
        "aud": deployment.audience,
        "exp": expires_at,
        "iat": at,
        "nbf": at,
        "jti": f"{family.id}.{base64url(key.derive('jti', refresh_token)[:16])}",
        "client_id": family.client_id,
        "scope": family.scope,
        "sandbox": family.sandbox,
    }
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return Tokens(
        access_token=key.sign(payload, typ=JWT_TYPE),
        token_type=_BEARER,
        expires_in=expires_at - at,
        refresh_token=refresh_token,
        scope=family.scope,
    )


def base64url(value: bytes) -> str:
    """``value`` in base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()
