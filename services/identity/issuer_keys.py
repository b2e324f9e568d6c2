"""The public keys of an issuer of access tokens: those given at deploy, and those that it publishes since.

A token decides when the issuer is asked again, so it is asked at a limited rate: random key ids must not make
requests of ours out of requests to us. The authorizer imports this module, so it imports no AWS
client and no pydantic.
"""

from time import monotonic, time
from typing import Any, Final

from services.identity.key_times import is_published
from utils import strict_json
from utils.lazy_module import deferred

with deferred("cryptography.x509"):
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

type PublicKey = ECKey | RSAKey

ASK_AGAIN_SECONDS: Final = 30
"""How long a process waits before it asks an issuer once more."""
ASK_AGAIN_AFTER_FAILURE_SECONDS: Final = 5
"""The same when the issuer did not answer, which keeps honest clients out too."""

_LEAST_RSA_BITS: Final = 2048
"""RFC 7518 section 3.3."""
_ANSWER_SECONDS: Final = 6
"""Long enough for an issuer that has to start, which many ask at once when a new key begins to sign."""
_MOST_BYTES: Final = 64 * 1024


class IssuerKeysError(Exception):
    """The issuer's JWK Set could not be had, or is none."""


class IssuerKeys:
    """The keys of one issuer by their ids.

    A class because importing keys costs more than using them, and because of when the issuer was asked last.
    """

    def __init__(self, jwks: str | None, uri: str | None) -> None:
        """Begin with the keys of ``jwks``, a JWK Set (RFC 7517) as JSON text, if there is one.

        ``uri``, http or https, is where the issuer publishes its set. Raises ``ValueError`` when either is not
        what it should be, also when not one key of the set is for an allowed signature algorithm.
        """
        if uri is not None and not uri.startswith(("https://", "http://")):
            raise ValueError("the JWK Set's address is neither https nor http")
        self._uri = uri
        self._keys = {} if jwks is None else _usable(jwks)
        self._ask_from = monotonic()

    def find(self, kid: str) -> PublicKey | None:
        """The key ``kid``, for which the issuer may be asked; ``None`` when it has no such key.

        Raises :class:`IssuerKeysError`.
        """
        if kid not in self._keys:
            self._ask_again()
        return self._keys.get(kid)

    def require(self) -> None:
        """Raise :class:`IssuerKeysError` when no key is known, and the issuer does not tell of one."""
        if not self._keys:
            self._ask_again()
        if not self._keys:
            raise IssuerKeysError("no key of the issuer is known")

    def _ask_again(self) -> None:
        """Take the set that the issuer publishes now, in which a key may be new or gone."""
        present = monotonic()
        if self._uri is None or present < self._ask_from:
            return
        try:
            self._keys = _usable(_fetched(self._uri))
        except ValueError as error:
            self._ask_from = monotonic() + ASK_AGAIN_AFTER_FAILURE_SECONDS
            raise IssuerKeysError("the JWK Set could not be had, or is of no use") from error
        self._ask_from = present + ASK_AGAIN_SECONDS


def _usable(jwks: bytes | str) -> dict[str, PublicKey]:
    """The keys that may verify a token; an issuer may have others, for other purposes, which are passed over.

    A key past its time is left out as well: of a set given at deploy, which no rotation reaches.
    """
    present, found = time(), strict_json.parse(jwks)
    listed = found.get("keys") if isinstance(found, dict) else None
    keys: dict[str, PublicKey] = {}
    for parameters in listed if isinstance(listed, list) else []:
        try:
            if is_published(parameters, present):
                keys[parameters["kid"]] = _public_key(parameters)
        except (AttributeError, JoseError, KeyError, TypeError, ValueError):
            continue
    if not keys:
        raise ValueError("the JWK Set has no public key for an allowed signature algorithm")
    return keys


def _public_key(parameters: dict[str, Any]) -> PublicKey:
    """The key, whose one algorithm the key itself names (RFC 8725 section 3.1). Raises for any other kind."""
    if not isinstance(parameters["kid"], str) or parameters["use"] != "sig" or "d" in parameters:
        raise ValueError("not a public key with a kid, for signatures")
    match [parameters.get(name) for name in ("alg", "kty", "crv")]:
        case ["ES256", "EC", "P-256"]:
            return ECKey.import_key(parameters)
        case ["RS256", "RSA", None]:
            key = RSAKey.import_key(parameters)
            if key.public_key.key_size >= _LEAST_RSA_BITS:
                return key
    raise ValueError("a key for an algorithm that is not allowed, or too short for its own")


def _fetched(uri: str) -> bytes:
    """What is published at ``uri``. ``ValueError`` when that is nothing, too much or too late."""
    from http.client import HTTPException
    from urllib.request import urlopen

    deadline = monotonic() + _ANSWER_SECONDS
    body = b""
    try:
        with urlopen(uri, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - http or https, as required above
            while chunk := answer.read1(_MOST_BYTES):
                body += chunk
                if len(body) > _MOST_BYTES or monotonic() > deadline:
                    raise ValueError("the JWK Set is too long, or too long in coming")
    except (OSError, HTTPException) as error:
        raise ValueError("the JWK Set could not be read") from error
    return body
