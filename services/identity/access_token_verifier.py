"""Is an access token authentic, and for us? What a resource server asks by RFC 9068 section 4 and RFC 8725.

Everything but time: whether the token is expired, revoked or not yet valid is asked where the sandbox's clock
and the table can be read. The authorizer imports this module, so it imports no AWS client and no pydantic.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from services.identity.issuer_keys import IssuerKeys, IssuerKeysError
from utils import strict_json
from utils.lazy_module import lazy_module
from utils.settings import DEFAULT_SANDBOX, settings

with lazy_module("cryptography.x509"):
    from joserfc import jws

JWT_TYPE: Final = "at+jwt"
MAX_BYTES: Final = 8 * 1024

_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9._-]+)")
_MAX_HEADER_BYTES: Final = 512
_TYPES: Final = (JWT_TYPE, f"application/{JWT_TYPE}")
_HEADER_NAMES: Final = frozenset({"alg", "kid", "typ"})
_TEXT_CLAIMS: Final = ("sub", "client_id", "sandbox", "jti")
_TIME_CLAIMS: Final = ("iat", "nbf", "exp")
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, beyond which there is no ``datetime``."""

_REGISTRY: Final = jws.JWSRegistry(algorithms=["ES256", "RS256"])


class TokenRefusedError(Exception):
    """The token must not be accepted.

    ``reason`` is one of a few fixed words for the log, never text of the token. Not an answer by itself: the
    authorizer makes a denial of it, an OAuth resource a challenge.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The claims of an authentic token (RFC 9068 section 2.2).

    Times are seconds since 1970 by the sandbox's clock, and not judged.
    """

    issuer: str
    subject: str
    client_id: str
    scope: str
    sandbox: str
    token_id: str
    issued_at: int
    not_before: int
    expires_at: int

    @property
    def scopes(self) -> frozenset[str]:
        """What ``scope`` names."""
        return frozenset(self.scope.split(" ")) - {""}


class Verifier:
    """Verifies tokens of one issuer for one audience, with keys that it makes once and keeps."""

    def __init__(
        self,
        jwks: str | None,
        *,
        issuer: str,
        audience: str,
        jwks_uri: str | None = None,
        assumed: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Import the keys of ``jwks``, a JWK Set (RFC 7517) as JSON text; ``jwks_uri`` is where newer ones are.

        ``assumed`` are claims that hold for a token that does not have them. Raises ``ValueError`` when no key of
        the set is a public one for an allowed signature algorithm, or when the address is not of the web.
        """
        self._issuer = issuer
        self._audience = audience
        self._keys = IssuerKeys(jwks, jwks_uri)
        self._assumed = assumed

    def require_keys(self) -> None:
        """Raise :class:`IssuerKeysError` when there is no key to verify a token with."""
        self._keys.require()

    def verify(self, token: str) -> AccessToken:
        """The claims of ``token``, which may be any text.

        Raises :class:`TokenRefusedError` and nothing else.
        """
        if len(token) > MAX_BYTES:
            raise TokenRefusedError("oversized")
        segments = token.split(".")
        if len(segments) != 3:
            raise TokenRefusedError("malformed")
        header, payload, _ = map(_canonical_bytes, segments)
        if len(header) > _MAX_HEADER_BYTES:
            raise TokenRefusedError("oversized")
        self._check_signature(_json_object(header), payload, segments)
        return self._claims(_json_object(payload))

    def _check_signature(self, header: dict[str, Any], payload: bytes, segments: list[str]) -> None:
        """The token names the key, and the key says what it is for (RFC 8725 section 3.1).

        Only the three header parameters that our issuer writes are known, so ``crit``, ``b64`` and a key that
        the token brings along (``jwk``, ``jku``, ``x5u``, ``x5c``) end here.
        """
        if header.keys() != _HEADER_NAMES:
            raise TokenRefusedError("header")
        if header["typ"] not in _TYPES:
            raise TokenRefusedError("type")
        kid = header["kid"]
        try:
            key = self._keys.find(kid) if isinstance(kid, str) else None
        except IssuerKeysError:
            raise TokenRefusedError("issuer_keys") from None
        if key is None:
            raise TokenRefusedError("unknown_key")
        if header["alg"] != key.alg:
            raise TokenRefusedError("algorithm")
        signed = jws.CompactSignature(header, payload)
        encoded = [segment.encode() for segment in segments]
        signed.segments = {"header": encoded[0], "payload": encoded[1], "signature": encoded[2]}
        if not jws.validate_compact(signed, key, registry=_REGISTRY):
            raise TokenRefusedError("signature")

    def _claims(self, claims: Mapping[str, Any]) -> AccessToken:
        if claims.get("iss") != self._issuer:
            raise TokenRefusedError("issuer")
        audience = claims.get("aud")
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefusedError("audience")
        claims = {**self._assumed, **claims}
        if not isinstance(claims.get("scope"), str):
            raise TokenRefusedError("claims")
        for name in _TEXT_CLAIMS:
            value = claims.get(name)
            if not isinstance(value, str) or not value:
                raise TokenRefusedError("claims")
        for name in _TIME_CLAIMS:
            value = claims.get(name)
            if type(value) is not int or not 0 <= value <= _LAST_SECOND:
                raise TokenRefusedError("claims")
        return AccessToken(
            issuer=self._issuer,
            subject=claims["sub"],
            client_id=claims["client_id"],
            scope=claims["scope"],
            sandbox=claims["sandbox"],
            token_id=claims["jti"],
            issued_at=claims["iat"],
            not_before=claims["nbf"],
            expires_at=claims["exp"],
        )


@cache
def verifier() -> Verifier:
    """What verifies this deployment's own tokens, made on first use. Raises ``SettingsError`` and ``ValueError``."""
    deployment = settings()
    return Verifier(
        deployment.public_jwks,
        issuer=deployment.issuer,
        audience=deployment.audience,
        jwks_uri=deployment.jwks_uri,
    )


@cache
def trusted_verifier() -> Verifier:
    """What verifies the tokens that open routes: our own, or those of the issuer that the deployment trusts instead.

    Another issuer knows no sandboxes, and RFC 9068 asks no ``nbf`` of it. Raises as :func:`verifier` does.
    """
    deployment = settings()
    if deployment.trusted_issuer == deployment.issuer:
        return verifier()
    return Verifier(
        None,
        issuer=deployment.trusted_issuer,
        audience=deployment.audience,
        jwks_uri=deployment.trusted_jwks_uri,
        assumed={"sandbox": DEFAULT_SANDBOX, "nbf": 0},
    )


def bearer_token(authorization: str) -> str:
    """The token in the value of an ``Authorization`` header (RFC 6750 section 2.1).

    One credential, one space, the scheme as the RFC spells it: nothing that two readers would read differently.
    Several headers arrive joined by a comma. Raises :class:`TokenRefusedError`.
    """
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise TokenRefusedError("malformed")
    return bearer[1]


def _canonical_bytes(segment: str) -> bytes:
    """The bytes of a segment in their one spelling: base64url without padding (RFC 7515 section 2)."""
    try:
        value = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise TokenRefusedError("encoding") from None
    if not value or urlsafe_b64encode(value).rstrip(b"=").decode() != segment:
        raise TokenRefusedError("encoding")
    return value


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        value = strict_json.parse(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise TokenRefusedError("json")
    return value
