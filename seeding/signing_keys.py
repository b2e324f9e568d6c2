"""The keys that sign tokens, and sets of them.

A set of them is a JWK Set (RFC 7517) as JSON, the same text for the same keys. Beside its own members a key may
have ``signs``, ``signs_from`` and ``published_until``, which ``services.identity.signing_keys`` and ``public_keys``
explain.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from seeding import SigningAlgorithm

type Jwk = Mapping[str, Any]

_PUBLIC = ("alg", "crv", "e", "kid", "kty", "n", "published_until", "signs_from", "use", "x", "y")
_RSA_BITS = 2048
"""What NIST SP 800-57 part 1 holds enough until 2030, many times a key's life here."""


def new_key(algorithm: SigningAlgorithm) -> dict[str, Any]:
    """A new private key for ``algorithm`` as a JWK (RFC 7518 section 6); its ``kid`` is its thumbprint (RFC 7638)."""
    key = RSAKey.generate_key(_RSA_BITS) if algorithm == "RS256" else ECKey.generate_key("P-256")
    return {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": algorithm, "use": "sig"}


def new_keys(algorithm: SigningAlgorithm) -> list[dict[str, Any]]:
    """The keys of a new stack: the one of access tokens for ``algorithm``, and that of ID tokens by the other one."""
    return [new_key(algorithm), new_id_token_key(algorithm)]


def new_id_token_key(algorithm: SigningAlgorithm) -> dict[str, Any]:
    """A new key of the other algorithm than ``algorithm``, which signs ID tokens for the clients that ask for it."""
    return {**new_key("ES256" if algorithm == "RS256" else "RS256"), "signs": "id_token"}


def key_set(keys: Iterable[Jwk]) -> str:
    """The set of ``keys``, as JSON."""
    return json.dumps({"keys": [dict(key) for key in keys]}, sort_keys=True, separators=(",", ":"))


def keys_in(text: str) -> list[dict[str, Any]]:
    """The keys in a set."""
    keys: list[dict[str, Any]] = json.loads(text)["keys"]
    return keys


def public_set(text: str) -> str:
    """The set of the public halves of the keys in a set."""
    return key_set({name: key[name] for name in _PUBLIC if name in key} for key in keys_in(text))
