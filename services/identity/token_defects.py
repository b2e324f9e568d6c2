"""What may be wrong with a token that is made to order; in all else it is like a good one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from models.token_order import MISSING_CLAIM, TokenKind
from services.identity.signing_keys import SigningKey
from services.identity.tokens import base64url, serialized, signed

MARGIN: Final = 3600
"""Seconds that a token is past its end, or before its beginning: more than a resource server forgives a clock."""

_WRONG_ISSUER: Final = "https://wrong-issuer.invalid"
_NEEDED: Final[Mapping[TokenKind, tuple[str, ...]]] = {
    "access_token": (
        *("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "sandbox", "generation"),
    ),
    "id_token": ("iss", "sub", "aud", "exp", "iat"),
}
"""The claims without which a token of a kind is refused: here, or by OpenID Connect Core section 2."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a token is good, in seconds since 1970; it is issued ``at``."""

    at: int
    begins: int
    ends: int


def validity(defect: str | None, now: int, begins: int, ends: int) -> Validity:
    """The validity of a token that was ordered ``now`` for the time between ``begins`` and ``ends``.

    One that is ``expired`` or ``not_yet`` good ends when it begins, so that no clock ever makes it good.
    """
    if defect == "expired":
        over = max(0, now - MARGIN)
        return Validity(over, over, over)
    if defect == "not_yet":
        later = max(ends, now + MARGIN)
        return Validity(now, later, later)
    return Validity(now, begins, ends)


def missing_claim(defect: str | None) -> str | None:
    """The name of the claim that a token with this defect lacks."""
    return defect.removeprefix(MISSING_CLAIM) if defect and defect.startswith(MISSING_CLAIM) else None


def can_miss(kind: TokenKind, claims: Mapping[str, Any]) -> list[str]:
    """The names of ``claims`` without which a token of this kind is refused."""
    return [name for name in _NEEDED[kind] if name in claims]


def with_wrong_claims(defect: str | None, claims: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a token with this defect, which has them where it is one of claims."""
    wrong = dict(claims)
    if (missing := missing_claim(defect)) is not None:
        del wrong[missing]
    elif defect == "wrong_aud":
        wrong["aud"] = f"urn:uuid:{uuid4()}"  # is nobody's
    elif defect == "wrong_iss":
        wrong["iss"] = _WRONG_ISSUER
    return wrong


def wrongly_signed(defect: str | None, claims: Mapping[str, Any], key: SigningKey, typ: str) -> str:
    """The token with ``claims``, signed by ``key`` as its defect wants, in good order where it is another."""
    payload = serialized(claims)
    match defect:
        case "unknown_kid":
            return key.sign(payload, typ=typ, kid=f"unknown-{uuid4()}")
        case "bad_signature":
            of_another = key.sign(payload + b" ", typ=typ).rpartition(".")[2]
            return f"{key.sign(payload, typ=typ).rpartition('.')[0]}.{of_another}"
        case "alg_none":
            header = serialized({"alg": "none", "typ": typ, "kid": key.kid})
            return f"{base64url(header)}.{base64url(payload)}."
    return signed(claims, key, typ=typ)
