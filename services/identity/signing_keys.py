"""The keys that sign tokens, from Secrets Manager. Only functions that issue tokens may read them.

Their JWKs have a member beside those of RFC 7517: ``signs_from``, from when the key signs, in seconds since 1970 by
the machine's clock, not by a sandbox's. Without it, as with a stack's first key, it always did. And ``signs``,
``id_token`` for the key of the other algorithm
than that of access tokens, which signs ID tokens for the clients that ask for it.
"""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from math import inf
from time import time
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from services.identity.jose import ECKey, ESAlgorithm, RSAKey, jws
from utils import secrets
from utils.settings import settings
from utils.ttl_cache import TTLCache

_REREAD_AFTER: Final = timedelta(seconds=30)
"""A rotation counts on it (``infrastructure.commands.rotate_keys``)."""
_COORDINATE_BYTES: Final = 32
_TYPES: Final[Mapping[str, type[ECKey] | type[RSAKey]]] = {"EC": ECKey, "RSA": RSAKey}


class _DeterministicES256(ESAlgorithm):
    """ES256 with the nonce of RFC 6979, derived from key and message, so that signing again gives the same bytes.

    So a repeated refresh is answered with the same access token, and a weak source of randomness cannot give the key
    away. RS256 is deterministic by itself.
    """

    def __init__(self) -> None:
        super().__init__("ES256", "P-256", 256)

    def sign(self, msg: bytes, key: ECKey) -> bytes:
        """The signature of ``msg`` in the form of RFC 7518 section 3.4."""
        signature = key.get_op_key("sign").sign(msg, ECDSA(SHA256(), deterministic_signing=True))
        return b"".join(number.to_bytes(_COORDINATE_BYTES) for number in decode_dss_signature(signature))


_REGISTRY: Final = jws.JWSRegistry(algorithms=["ES256", "RS256"])
_REGISTRY.algorithms = {**jws.JWSRegistry.algorithms, "ES256": _DeterministicES256()}


@dataclass(frozen=True)
class SigningKey:
    """A private key with its ``kid``, its algorithm (``ES256`` or ``RS256``), and from when it signs.

    ``signs_from`` is in seconds since 1970, negative infinity for a key that always did. ``is_for_id_tokens`` says that
    it signs nothing but the ID tokens of clients that ask for its algorithm.
    """

    kid: str
    algorithm: str
    signs_from: float
    is_for_id_tokens: bool = field(repr=False)
    _jwk: Mapping[str, Any] = field(repr=False)
    _derivation: bytes = field(repr=False)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "SigningKey":
        """The key in a private JWK, EC of curve P-256 or RSA (RFC 7518 sections 6.2.2 and 6.3.2)."""
        secret = urlsafe_b64decode(f"{jwk['d']}==")
        derivation = hmac.digest(secret, b"psn-emulator: derivation", "sha256")
        signs_from = float(jwk.get("signs_from", -inf))
        return cls(str(jwk["kid"]), str(jwk["alg"]), signs_from, "signs" in jwk, jwk, derivation)

    @cached_property
    def _key(self) -> ECKey | RSAKey:
        """The imported key. Importing an RSA one is slow, so that only who signs with it does."""
        return _TYPES[self._jwk["kty"]].import_key(dict(self._jwk))

    def sign(self, payload: bytes, *, typ: str, kid: str | None = None) -> str:
        """``payload`` as a compact JWS (RFC 7515 section 7.1), the same bytes for the same arguments; ``kid`` names
        another key than this one."""
        header = {"alg": self.algorithm, "typ": typ, "kid": kid or self.kid}
        return jws.serialize_compact(header, payload, self._key, registry=_REGISTRY)

    def derive(self, purpose: str, text: str) -> bytes:
        """32 bytes that only a holder of this key can compute from ``purpose`` and ``text`` (HMAC-SHA256)."""
        return hmac.digest(self._derivation, f"{purpose}:{text}".encode(), "sha256")


def _read() -> tuple[SigningKey, ...]:
    jwks = secrets.read_json(settings().signing_keys_secret)["keys"]
    return tuple(SigningKey.from_jwk(jwk) for jwk in jwks)


signing_keys: Final = TTLCache(_read, _REREAD_AFTER)
"""The key that signs, the next one during a rotation, and those before whose tokens may still be valid."""


class NoKeyError(RuntimeError):
    """The stack has no key of the algorithm yet: a deploy adds it."""


def current_signing_key(algorithm: str | None = None) -> SigningKey:
    """The key with the latest ``signs_from`` that is not in the future: of ``algorithm``, else that of access tokens.

    Reads the secret again for an algorithm that no key has, which a deploy may just have added; raises
    :class:`NoKeyError` if it has not.
    """
    for _ in range(2):
        now = time()
        signing = [
            key
            for key in signing_keys()
            if key.signs_from <= now
            and (not key.is_for_id_tokens if algorithm is None else key.algorithm == algorithm)
        ]
        if signing:
            return max(signing, key=lambda key: key.signs_from)
        signing_keys.cache_clear()
    raise NoKeyError(f"no key signs by {algorithm}")


def find_key(kid: str) -> SigningKey | None:
    """The key ``kid``; ``None`` when it is no longer in use.

    Reads the secret again for a key that is not known, which a rotation may just have added.
    """
    for _ in range(2):
        for key in signing_keys():
            if key.kid == kid:
                return key
        signing_keys.cache_clear()
    return None
