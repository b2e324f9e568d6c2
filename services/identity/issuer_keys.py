"""The public keys of an issuer of access tokens: those given at deploy, and those that it publishes since.

The issuer is asked for its keys when a token names an unknown one, but only once in a while: otherwise whoever sends
us random key ids could make us send the issuer as many requests. The authorizer imports this module, so it imports
neither botocore nor pydantic.
"""

from time import monotonic, time
from typing import Any, Final, NamedTuple

from services.identity.jose import ECKey, JoseError, RSAKey
from services.identity.published_until import is_published
from utils import strict_json

ASK_AGAIN_SECONDS: Final = 30
"""How long a process waits until it asks an issuer again."""
ASK_AGAIN_AFTER_FAILURE_SECONDS: Final = 5
"""The same after the issuer did not answer; shorter, because meanwhile tokens with a new key are refused."""

_LEAST_RSA_BITS: Final = 2048
"""RFC 7518 section 3.3."""
_ANSWER_SECONDS: Final = 6
"""Long enough for an issuer that has to start, which many ask at once when a new key begins to sign."""
_MOST_BYTES: Final = 64 * 1024
_FILE: Final = "file:"


class IssuerKeysError(Exception):
    """The issuer's JWK Set could not be fetched, or has no usable key."""


class PublicKey(NamedTuple):
    """A key with the one algorithm that it is for (RFC 8725 section 3.1), ``ES256`` or ``RS256``."""

    algorithm: str
    key: ECKey | RSAKey


class IssuerKeys:
    """The keys of one issuer by their ids.

    A class because it keeps two things: the imported keys, for importing one costs more than verifying with it, and
    when the issuer may be asked again.
    """

    def __init__(self, jwks: str | None, uri: str | None) -> None:
        """Start with the keys of ``jwks``, a JWK Set (RFC 7517) as JSON text; ``None`` starts without.

        ``uri`` is where the issuer publishes its set, ``file:PATH`` where that is a file of this machine; ``None``
        means it is never asked. Raises ``ValueError`` when ``uri`` is neither http, https nor a file, or when
        ``jwks`` has no public key for an allowed signature algorithm.
        """
        if uri is not None and not uri.startswith(("https://", "http://", _FILE)):
            raise ValueError("the JWK Set's address is neither https nor http, nor a file")
        self._uri = uri
        self._keys = {} if jwks is None else _usable(jwks)
        self._ask_from = monotonic()

    def find(self, kid: str) -> PublicKey | None:
        """The key ``kid``; ``None`` when the issuer has no such key. Asks the issuer for a key that is not known yet.

        Raises :class:`IssuerKeysError` when the issuer was asked and did not answer with a set of keys.
        """
        if kid not in self._keys:
            self._ask_again()
        return self._keys.get(kid)

    def require(self) -> None:
        """Raise :class:`IssuerKeysError` when no key is known and the issuer, asked, has none either."""
        if not self._keys:
            self._ask_again()
        if not self._keys:
            raise IssuerKeysError("no key of the issuer is known")

    def _ask_again(self) -> None:
        """Replace the keys by those that the issuer publishes now, unless it was asked only lately."""
        now = monotonic()
        if self._uri is None or now < self._ask_from:
            return
        try:
            self._keys = _usable(_fetched(self._uri))
        except ValueError as error:
            self._ask_from = monotonic() + ASK_AGAIN_AFTER_FAILURE_SECONDS
            raise IssuerKeysError("the JWK Set could not be fetched, or has no usable key") from error
        self._ask_from = now + ASK_AGAIN_SECONDS


def _usable(jwks: bytes | str) -> dict[str, PublicKey]:
    """The keys of a JWK Set that may verify a token, by ``kid``; keys for other purposes are left out.

    So are keys that are no longer published, as one may be in the set given at deploy, which no rotation changes.
    Raises ``ValueError`` when no key is left.
    """
    now, jwk_set = time(), strict_json.parse(jwks)
    jwk_list = jwk_set.get("keys") if isinstance(jwk_set, dict) else None
    keys: dict[str, PublicKey] = {}
    for parameters in jwk_list if isinstance(jwk_list, list) else []:
        try:
            if is_published(parameters, now):
                keys[parameters["kid"]] = _public_key(parameters)
        except (AttributeError, JoseError, KeyError, TypeError, ValueError):
            continue
    if not keys:
        raise ValueError("the JWK Set has no public key for an allowed signature algorithm")
    return keys


def _public_key(parameters: dict[str, Any]) -> PublicKey:
    """The key in a JWK, which has to name its algorithm; raises for a key that may not verify tokens."""
    if not isinstance(parameters["kid"], str) or parameters["use"] != "sig" or "d" in parameters:
        raise ValueError("not a public key with a kid, for signatures")
    match [parameters.get(name) for name in ("alg", "kty", "crv")]:
        case ["ES256", "EC", "P-256"]:
            return PublicKey("ES256", ECKey.import_key(parameters))
        case ["RS256", "RSA", None]:
            key = RSAKey.import_key(parameters)
            if key.public_key.key_size >= _LEAST_RSA_BITS:
                return PublicKey("RS256", key)
    raise ValueError("a key for an algorithm that is not allowed, or too short for its own")


def _fetched(uri: str) -> bytes:
    """The body at ``uri``; ``ValueError`` when it cannot be read, is over 64 KiB, or takes over six seconds."""
    from http.client import HTTPException

    deadline = monotonic() + _ANSWER_SECONDS
    body = b""
    try:
        with _opened(uri) as answer:
            while chunk := answer.read1(_MOST_BYTES):
                body += chunk
                if len(body) > _MOST_BYTES or monotonic() > deadline:
                    raise ValueError("the JWK Set is too long, or too long in coming")
    except (OSError, HTTPException) as error:
        raise ValueError("the JWK Set could not be read") from error
    return body


def _opened(uri: str) -> Any:
    if uri.startswith(_FILE):
        from pathlib import Path

        return Path(uri.removeprefix(_FILE)).open("rb")
    from urllib.request import urlopen

    return urlopen(uri, timeout=_ANSWER_SECONDS)  # noqa: S310 - http or https, as required above
