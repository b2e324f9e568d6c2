"""Access tokens (JWTs by RFC 9068) and ID tokens (OpenID Connect Core section 2)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.auth import Tokens
from services.identity import claims
from services.identity.access_token_verifier import JWT_TYPE
from services.identity.seed import Client, SeedUser, extra_claims
from services.identity.signing_keys import SigningKey
from services.identity.token_families import Family, lifetime
from utils.settings import settings

ID_TOKEN_TYPE: Final = "JWT"  # noqa: S105 - a header's typ

_BEARER: Final = "Bearer"


def issue(
    family: Family,
    refresh_token: str | None,
    *,
    at: int,
    key: SigningKey,
    client: Client,
    user: SeedUser | None,
    id_key: SigningKey | None = None,
    nonce: str | None = None,
) -> Tokens:
    """The answer of the token endpoint with ``refresh_token``, its tokens issued ``at`` (seconds since 1970).

    They are tokens of ``client`` for ``user``, ``None`` for its own, whose extra claims both of them carry.
    The same bytes for the same arguments: ``jti`` is derived from them, and the signature is deterministic. An access
    token expires with its family at the latest, because its revocation is stored there. The scope ``openid`` adds an
    ID token, signed by ``id_key`` or else ``key``, with the ``nonce``, the claims and the ``acr`` that the
    authorization request asked for.
    """
    expires_at = min(at + lifetime(client, refreshable=False), family.expires_at)
    extra = extra_claims(client, user)
    access_token = signed(
        {
            **extra,
            **access_claims(family, _token_id(family, refresh_token, key), at=at, expires_at=expires_at),
        },
        key,
        typ=JWT_TYPE,
    )
    id_token = None
    if "openid" in family.scope.split(" "):
        id_token_claims = {
            **extra,
            **id_claims(family, client, user, at=at, expires_at=expires_at),
            "at_hash": _half_hash(access_token),
            **({} if nonce is None else {"nonce": nonce}),
        }
        id_token = signed(id_token_claims, id_key or key, typ=ID_TOKEN_TYPE)
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
    return f"{family.id}.{base64url(_token_id(family, refresh_token, key))}"


def _token_id(family: Family, refresh_token: str | None, key: SigningKey) -> bytes:
    return key.derive("jti", f"{family.scope}:{refresh_token or family.id}")[:16]


def access_claims(family: Family, token_id: bytes, *, at: int, expires_at: int) -> dict[str, Any]:
    """The claims of an access token (RFC 9068 section 2.2) of ``family``, issued and valid from ``at`` to
    ``expires_at``, in seconds since 1970; ``token_id`` is what its ``jti`` has after the family."""
    sandbox = family.sandbox
    return {
        **_common(family, at=at, expires_at=expires_at),
        "aud": audience(family.audience or (settings().audience,)),
        "nbf": at,
        "jti": f"{family.id}.{base64url(token_id)}",
        "client_id": family.client_id,
        "scope": family.scope,
        "sandbox": sandbox.name,
        **({"generation": sandbox.generation} if sandbox.generation else {}),
    }


def id_claims(
    family: Family, client: Client, user: SeedUser | None, *, at: int, expires_at: int
) -> dict[str, Any]:
    """The claims of an ID token of ``family`` alike, without those that depend on the request and the access token.

    Of those about the user it has what the request named (OpenID Connect Core section 5.5), and what the scopes give
    where the setting ``profile_claims_in_id_token`` says so.
    """
    requested = family.claims.get("id_token", {})
    scopes = family.scope.split(" ") if settings().profile_claims_in_id_token else []
    about = {} if user is None else claims.select(user.claims, scopes, requested, client.allowed(user.scopes))
    return {
        **_common(family, at=at, expires_at=expires_at),
        "aud": family.client_id,
        "auth_time": family.auth_time,
        **about,
        **({} if family.acr is None else {"acr": family.acr}),
    }


def audience(names: Sequence[str]) -> str | list[str]:
    """One audience as a text, several as a list (RFC 7519 section 4.1.3)."""
    return list(names) if len(names) > 1 else names[0]


def base64url(value: bytes) -> str:
    """``value`` in base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def serialized(payload: Mapping[str, Any]) -> bytes:
    """Claims as they are signed."""
    return json.dumps(payload, separators=(",", ":")).encode()


def signed(payload: Mapping[str, Any], key: SigningKey, *, typ: str) -> str:
    """The token with these claims, and ``typ`` in its header."""
    return key.sign(serialized(payload), typ=typ)


def _common(family: Family, *, at: int, expires_at: int) -> dict[str, Any]:
    return {"iss": family.issuer, "sub": family.subject, "exp": expires_at, "iat": at}


def _half_hash(access_token: str) -> str:
    """The ``at_hash`` of an ID token: the left half of the SHA-256, for ES256 and RS256 alike (Core 3.1.3.6)."""
    return base64url(hashlib.sha256(access_token.encode()).digest()[:16])
