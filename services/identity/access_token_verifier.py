"""Whether an access token is authentic and meant for this API, by RFC 9068 section 4 and RFC 8725.

Time is not judged here: whether the token is expired, revoked or not yet valid is checked where the sandbox's clock
and the table can be read (``services.identity.sessions``). The authorizer imports this module, so it imports neither
botocore nor pydantic.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from services.identity.issuer_keys import IssuerKeys, IssuerKeysError
from services.identity.jose import JoseError, jws
from utils import strict_json
from utils.settings import DEFAULT_SANDBOX, settings

JWT_TYPE: Final = "at+jwt"
MAX_BYTES: Final = 8 * 1024

_BEARER: Final = re.compile(r"(?i:Bearer) ([A-Za-z0-9._-]+)")
_MAX_HEADER_BYTES: Final = 512
_TYPES: Final = (JWT_TYPE, f"application/{JWT_TYPE}")
_HEADER_NAMES: Final = frozenset({"alg", "kid", "typ"})
_HEADERS_KEPT: Final = 16
_FROM_BASE64URL: Final = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
"""From base64url to base64, whose own characters become one that neither has (RFC 4648 section 5)."""
_TEXT_CLAIMS: Final = ("sub", "client_id", "sandbox", "jti")
_GENERATION: Final = re.compile(r"[0-9a-f]{0,16}")
_LONGEST_TEXT: Final = 255
"""Characters: the most of a ``sub`` (OpenID Connect Core section 2), and what the table's keys have room for twice."""
_TIME_CLAIMS: Final = ("iat", "nbf", "exp")
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, beyond which there is no ``datetime``."""


class _CheckedHeaders(jws.JWSRegistry):
    """The algorithms, for headers that :func:`_header` has checked: the same one comes with every token of a key."""

    def check_header(self, header: Mapping[str, Any]) -> None:
        """Do nothing."""


_ALGORITHMS: Final = ("ES256", "RS256")
_HEADERS: Final = jws.JWSRegistry(algorithms=_ALGORITHMS)
_SIGNATURES: Final = _CheckedHeaders(algorithms=_ALGORITHMS)


class TokenRefusedError(Exception):
    """The token must not be accepted.

    ``reason`` is one of a few fixed words for the log, never text of the token. The authorizer answers it by a denial,
    an OAuth resource by a challenge.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AccessToken(NamedTuple):
    """The claims of an authentic token (RFC 9068 section 2.2).

    ``sandbox`` and ``generation`` say whose data it is for (``utils.sandbox``), ``scope`` is separated by
    spaces; times are seconds since 1970 by the sandbox's clock, and were not judged. A tuple
    without keywords is made in a fifth of the time of a frozen dataclass.
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
    audience: str | tuple[str, ...] = ""
    generation: str = ""

    @property
    def scopes(self) -> frozenset[str]:
        """The names in ``scope``."""
        return frozenset(self.scope.split(" ")) - {""}


class Verifier:
    """Verifies tokens of one issuer, which may have several names, for one audience.

    The issuer of a sandbox's token may also be the sandbox's base URL, ``<issuer>/s/<sandbox>``.

    A class because it keeps the issuer's keys, which are imported once.
    """

    def __init__(
        self,
        jwks: str | None,
        *,
        issuer: str,
        audience: str | None,
        jwks_uri: str | None = None,
        aliases: Collection[str] = (),
        assumed: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Import the keys of ``jwks``, a JWK Set (RFC 7517) as JSON text; newer ones are fetched from ``jwks_uri``.

        ``aliases`` are what ``issuer`` is called too. ``audience`` ``None`` leaves it to the caller to judge that of a
        token. ``assumed`` are claims of a token that lacks them. Raises ``ValueError`` when the set has no public key
        for an allowed signature algorithm, or when ``jwks_uri`` is neither http, https nor a file.
        """
        self._issuers = frozenset((issuer, *aliases))
        self._audience = audience
        self._keys = IssuerKeys(jwks, jwks_uri)
        self._assumed = assumed

    def require_keys(self) -> None:
        """Raise :class:`IssuerKeysError` when no key of the issuer can be had."""
        self._keys.require()

    def verify(self, token: str) -> AccessToken:
        """The claims of ``token``, any text; raises :class:`TokenRefusedError` and nothing else."""
        return self._claims(authentic_claims(token, self._keys, _TYPES))

    def _claims(self, claims: Mapping[str, Any]) -> AccessToken:
        issuer = claims.get("iss")
        suffix = f"/s/{claims.get('sandbox')}"
        if not isinstance(issuer, str) or issuer.removesuffix(suffix) not in self._issuers:
            raise TokenRefusedError("issuer")
        audience = claims.get("aud")
        if self._audience is None:
            _require_texts(audience)
        elif audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise TokenRefusedError("audience")
        if self._assumed:
            claims = {**self._assumed, **claims}
        if type(claims.get("scope")) is not str:
            raise TokenRefusedError("claims")
        for name in _TEXT_CLAIMS:
            value = claims.get(name)
            if type(value) is not str or not 0 < len(value) <= _LONGEST_TEXT:
                raise TokenRefusedError("claims")
        for name in _TIME_CLAIMS:
            value = claims.get(name)
            if type(value) is not int or not 0 <= value <= _LAST_SECOND:
                raise TokenRefusedError("claims")
        generation = claims.get("generation", "")
        if type(generation) is not str or not _GENERATION.fullmatch(generation):
            raise TokenRefusedError("claims")
        return AccessToken(
            issuer,
            claims["sub"],
            claims["client_id"],
            claims["scope"],
            claims["sandbox"],
            claims["jti"],
            claims["iat"],
            claims["nbf"],
            claims["exp"],
            tuple(audience) if isinstance(audience, list) else audience or "",
            generation,
        )


def _require_texts(audience: object) -> None:
    """Raises :class:`TokenRefusedError` unless it is a text, or a list of texts (RFC 7519 section 4.1.3)."""
    several = audience if isinstance(audience, list) else [audience]
    if not several or not all(type(one) is str and one for one in several):
        raise TokenRefusedError("audience")


def authentic_claims(token: str, keys: IssuerKeys, types: tuple[str, ...]) -> dict[str, Any]:
    """The claims of ``token``, any text: a JWT of one of ``types`` (its header's ``typ``), signed by one of ``keys``.

    No claim is judged. Raises :class:`TokenRefusedError` and nothing else.
    """
    if len(token) > MAX_BYTES:
        raise TokenRefusedError("oversized")
    try:
        segments = token.encode("ascii").split(b".")
    except UnicodeEncodeError:
        raise TokenRefusedError("encoding") from None
    if len(segments) != 3:
        raise TokenRefusedError("malformed")
    header, payload = _header(segments[0], types), _canonical_bytes(segments[1])
    _check_signature(header, payload, segments, keys)
    return _json_object(payload)


def _check_signature(header: dict[str, Any], payload: bytes, segments: list[bytes], keys: IssuerKeys) -> None:
    """The token names the key, and the key names its algorithm (RFC 8725 section 3.1).

    joserfc takes a signature in its one spelling only, as :func:`_canonical_bytes` does the other segments.
    """
    try:
        public_key = keys.find(header["kid"])
    except IssuerKeysError:
        raise TokenRefusedError("issuer_keys") from None
    if public_key is None:
        raise TokenRefusedError("unknown_key")
    algorithm, key = public_key
    if header["alg"] != algorithm:
        raise TokenRefusedError("algorithm")
    signed = jws.CompactSignature(header, payload)
    signed.segments = {"header": segments[0], "payload": segments[1], "signature": segments[2]}
    if not jws.validate_compact(signed, key, registry=_SIGNATURES):
        raise TokenRefusedError("signature")


@cache
def verifier() -> Verifier:
    """The verifier of this deployment's own tokens, made on first use. Raises ``SettingsError`` and ``ValueError``."""
    deployment = settings()
    return Verifier(
        deployment.public_jwks,
        issuer=deployment.issuer,
        audience=deployment.audience,
        jwks_uri=deployment.jwks_uri,
        aliases=deployment.issuers,
    )


@cache
def issued_verifier() -> Verifier:
    """The verifier of this deployment's tokens for whatever resource (RFC 8707); raises as :func:`verifier` does."""
    deployment = settings()
    return Verifier(
        deployment.public_jwks,
        issuer=deployment.issuer,
        audience=None,
        jwks_uri=deployment.jwks_uri,
        aliases=deployment.issuers,
    )


@cache
def trusted_verifier() -> Verifier:
    """The verifier of the tokens that routes accept: our own, or another issuer's where the deployment trusts one.

    Tokens of another issuer have no ``sandbox``, and need no ``nbf`` (RFC 9068 section 2.2). Raises as
    :func:`verifier` does.
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

    Accepts one credential after one space and the scheme in any case (RFC 9110 section 11.1), nothing that two parsers
    might read differently. Several headers, which arrive joined by a comma, are refused. Raises
    :class:`TokenRefusedError`.
    """
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise TokenRefusedError("malformed")
    return bearer[1]


@lru_cache(_HEADERS_KEPT)
def _header(segment: bytes, types: tuple[str, ...]) -> dict[str, Any]:
    """The header of a token: the three parameters that our issuer writes, all text, and no others.

    So ``crit``, ``b64`` and keys that a token brings along (``jwk``, ``jku``, ``x5u``, ``x5c``) are refused here.
    Cached, because all tokens of a key have the same one.
    """
    text = _canonical_bytes(segment)
    if len(text) > _MAX_HEADER_BYTES:
        raise TokenRefusedError("oversized")
    header = _json_object(text)
    if header.keys() != _HEADER_NAMES:
        raise TokenRefusedError("header")
    if header["typ"] not in types:
        raise TokenRefusedError("type")
    if not all(isinstance(value, str) for value in header.values()):
        raise TokenRefusedError("header")
    try:
        _HEADERS.check_header(header)
    except JoseError:
        raise TokenRefusedError("header") from None
    return header


def _canonical_bytes(segment: bytes) -> bytes:
    """The bytes of a segment, which must be their one spelling in base64url without padding (RFC 7515 section 2).

    Encoding them again gives the same text only if no character was passed over and no bit left out.
    """
    base64 = segment.translate(_FROM_BASE64URL) + b"=" * (-len(segment) % 4)
    try:
        value = a2b_base64(base64)
    except ValueError:
        raise TokenRefusedError("encoding") from None
    if not value or b2a_base64(value, newline=False) != base64:
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
