"""Access tokens (JWTs by RFC 9068) and ID tokens (OpenID Connect Core section 2)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from models.auth import Tokens
from services.identity import accounts, claims
from services.identity.access_token_verifier import JWT_TYPE
from services.identity.signing_keys import SigningKey
from services.identity.token_families import Family
from utils.sandbox import LAST_MOMENT
from utils.settings import settings

_BEARER: Final = "Bearer"


def issue(
    family: Family,
    refresh_token: str | None,
    *,
    at: int,
    key: SigningKey,
    id_key: SigningKey | None = None,
    nonce: str | None = None,
) -> Tokens:
    """The answer of the token endpoint with ``refresh_token``, its tokens issued ``at`` (seconds since 1970).

    The same bytes for the same arguments: ``jti`` is derived from them, and the signature is deterministic. An access
    token expires with its family at the latest, because its revocation is stored there. The scope ``openid`` adds an
    ID token, signed by ``id_key`` or else ``key``, with the ``nonce``, the claims and the ``acr`` that the
    authorization request asked for.
    """
    deployment = settings()
    lifetime = int(deployment.access_token_lifetime.total_seconds())
    expires_at = min(at + lifetime, family.expires_at, int(LAST_MOMENT.timestamp()))
    sandbox = family.sandbox
    common = {"iss": sandbox.issuer, "sub": family.subject, "exp": expires_at, "iat": at}
    access_claims = {
        **common,
        "aud": _audience(family, deployment.audience),
        "nbf": at,
        "jti": access_token_id(family, refresh_token, key),
        "client_id": family.client_id,
        "scope": family.scope,
        "sandbox": sandbox.name,
        **({"generation": sandbox.generation} if sandbox.generation else {}),
    }
    access_token = _signed(access_claims, key, typ=JWT_TYPE)
    id_token = None
    if "openid" in family.scope.split(" "):
        id_claims = {
            **common,
            "aud": family.client_id,
            "auth_time": family.auth_time,
            "at_hash": _half_hash(access_token),
            **_requested_claims(family),
            **({} if nonce is None else {"nonce": nonce}),
            **({} if family.acr is None else {"acr": family.acr}),
        }
        id_token = _signed(id_claims, id_key or key, typ="JWT")
    return Tokens(
        access_token=access_token,
        token_type=_BEARER,
        expires_in=expires_at - at,
        scope=family.scope,
        refresh_token=refresh_token,
        id_token=id_token,
    )


def access_token_id(family: Family, refresh_token: str | None, key: SigningKey) -> str:
    """The ``jti`` of the access token that :func:`issue` makes of the same arguments."""
    token_id = key.derive("jti", f"{family.scope}:{refresh_token or family.id}")[:16]
    return f"{family.id}.{base64url(token_id)}"


def base64url(value: bytes) -> str:
    """``value`` in base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _signed(payload: Mapping[str, Any], key: SigningKey, *, typ: str) -> str:
    return key.sign(json.dumps(payload, separators=(",", ":")).encode(), typ=typ)


def _audience(family: Family, default: str) -> str | list[str]:
    """One audience as a text, several as a list (RFC 7519 section 4.1.3)."""
    audience = list(family.audience) or [default]
    return audience if len(audience) > 1 else audience[0]


def _requested_claims(family: Family) -> dict[str, Any]:
    """The claims that the request named for the ID token, as the seed has them (Core section 5.5)."""
    requested = family.claims.get("id_token", {})
    if not requested:
        return {}
    user = accounts.find_subject(family.sandbox, family.subject)
    client = accounts.find_client(family.sandbox, family.client_id)
    if user is None or client is None:
        return {}
    return claims.select(user.claims, (), requested, client.allowed(user.scopes))


def _half_hash(access_token: str) -> str:
    """The ``at_hash`` of an ID token: the left half of the SHA-256, for ES256 and RS256 alike (Core 3.1.3.6)."""
    return base64url(hashlib.sha256(access_token.encode()).digest()[:16])
