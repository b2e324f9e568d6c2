"""Tools to forge tokens with.

What they make is wrong in one way only, and signed by the right key unless the signature is what is wrong, so
that it would pass if the one check were missing.
"""

import hmac
import json
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.support.identity import SUBJECT, claims, compact, decode, encode, good_token, header, sign

type Forgery = Callable[[], str]
type Forgeries = dict[str, tuple[str, Forgery]]
"""By what is wrong: the reason that the authorizer's log has to give, and the forgery."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def each(name: str, values: Iterable[Any], reason: str, forge: Callable[..., Forgery]) -> Forgeries:
    """For each of ``values`` the forgery that has it for ``name``."""
    return {f"{name} {value!r}": (reason, forge(**{name: value})) for value in values}


def head(**changes: Any) -> Forgery:
    """A token whose header has ``changes``; ``...`` takes a parameter away."""
    return lambda: compact(header(**changes), claims())


def raw_head(text: str) -> Forgery:
    """A token with ``text`` for a header."""
    return lambda: compact(text.encode(), claims())


def claim(**changes: Any) -> Forgery:
    """A token whose claims have ``changes``; ``...`` takes a claim away."""
    return lambda: good_token(**changes)


def raw_claims(text: str | bytes) -> Forgery:
    """A token with ``text`` for a payload."""
    return lambda: compact(header(), text.encode() if isinstance(text, str) else text)


def by(key: Any, alg: str, **changes: Any) -> Forgery:
    """A token that ``key`` signed and whose header says so, with ``changes``."""
    return lambda: compact(header(alg=alg, **changes), claims(), key, alg=alg)


def by_hmac(secret: bytes) -> Forgery:
    """A token signed with HS256 and ``secret``; by hand, because joserfc takes no public key for a secret."""

    def forge() -> str:
        signing_input = compact(header(alg="HS256"), claims()).rpartition(".")[0]
        return f"{signing_input}.{encode(hmac.digest(secret, signing_input.encode(), 'sha256'))}"

    return forge


def unsigned(alg: Any) -> Forgery:
    """A token without a signature."""
    return lambda: compact(header(alg=alg), claims()).rpartition(".")[0] + "."


def signature(change: Callable[[bytes], bytes]) -> Forgery:
    """A good token whose signature's bytes were changed."""

    def forge() -> str:
        signing_input, _, good = good_token().rpartition(".")
        return f"{signing_input}.{encode(change(decode(good)))}"

    return forge


def segments(change: Callable[[str, str, str], str]) -> Forgery:
    """A good token whose text was put together in another way."""

    def forge() -> str:
        first, second, third = good_token().split(".")
        return change(first, second, third)

    return forge


def other_spelling(text: str) -> str:
    """Base64url of the same bytes whose spare bits are set, which lenient decoders pass over."""
    assert len(text) % 4
    return text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) + 1]


def payload_spelt_otherwise() -> str:
    """A token whose payload is not in the one spelling, signed as it stands."""
    for filler in ("", "s", "ss"):
        first, payload, _ = good_token(sub=f"{SUBJECT}{filler}").split(".")
        if len(payload) % 4:
            return sign(f"{first}.{other_spelling(payload)}")
    raise AssertionError("no length leaves bits over")


def longer_than(length: int) -> str:
    """A good token of more than ``length`` characters, by as little as can be."""
    filler = ""
    while len(token := good_token(filler=filler)) <= length:
        filler += "x" * max(1, (length - len(token)) // 2)
    return token


def der(raw: bytes) -> bytes:
    """A signature in the form that TLS has them in."""
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def claims_text(**changes: Any) -> str:
    """The claims' JSON."""
    return json.dumps(claims(**changes))
