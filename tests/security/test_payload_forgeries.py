"""Claims and the text they come in (RFC 9068 section 4, RFC 8725 sections 2.4, 3.8, 3.9, RFC 7515 section 10.12)."""

from collections.abc import Callable
from typing import Any

import pytest

from services.identity.access_token_verifier import TokenRefusedError, Verifier
from tests.security.conftest import Denied
from tests.security.forging import (
    Forgeries,
    Forgery,
    claim,
    claims_text,
    der,
    each,
    longer_than,
    other_spelling,
    payload_spelt_otherwise,
    raw_claims,
    segments,
    signature,
)
from tests.support.identity import AUDIENCE, ISSUER, KEY, compact, good_token, header, public_jwks, sign

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_TWICE = claims_text()[:-1]

_ISSUERS: tuple[Any, ...] = (
    ...,
    None,
    "",
    f"{ISSUER}/",
    ISSUER.upper(),
    f" {ISSUER}",
    "https://attacker.test",
    f"{ISSUER}.attacker.test",
    [ISSUER],
)
_AUDIENCES: tuple[Any, ...] = (
    ...,
    None,
    "",
    [],
    AUDIENCE.upper(),
    f"{AUDIENCE}-2",
    AUDIENCE[:-1],
    ["another"],
    [[AUDIENCE]],
    {AUDIENCE: 1},
    1,
)
_TEXTS: tuple[Any, ...] = (..., None, "", 1, ["x"], {"x": "x"})
_SCOPES: tuple[Any, ...] = (..., None, 1, ["players:read"], {})
_TIMES: tuple[Any, ...] = (..., None, "2000000000", 2e9, 2000000000.5, True, [2000000000], -1, 10**15, {})

CLAIMS: Forgeries = {
    **each("iss", _ISSUERS, "issuer", claim),
    **each("aud", _AUDIENCES, "audience", claim),
    **each("scope", _SCOPES, "claims", claim),
}
for _name in ("sub", "client_id", "sandbox", "jti"):
    CLAIMS |= each(_name, _TEXTS, "claims", claim)
for _name in ("exp", "nbf", "iat"):
    CLAIMS |= each(_name, _TIMES, "claims", claim)

PAYLOADS: Forgeries = {
    "a claim twice": ("json", raw_claims(f'{_TWICE},"sub":"another"}}')),
    "a claim twice, once spelt with an escape": ("json", raw_claims(f'{_TWICE},"s\\u0075b":"another"}}')),
    "a name twice further down": ("json", raw_claims(f'{_TWICE},"x":{{"y":1,"y":2}}}}')),
    "not a number": ("json", raw_claims(f'{_TWICE},"x":NaN}}')),
    "infinity": ("json", raw_claims(f'{_TWICE},"x":Infinity}}')),
    "a lone surrogate": ("json", raw_claims(f'{_TWICE},"x":"\\ud800"}}')),
    "a number too long to read": ("json", raw_claims(f'{_TWICE},"x":{"1" * 5000}}}')),
    "an array": ("json", raw_claims(f"[{claims_text()}]")),
    "a string": ("json", raw_claims('"claims"')),
    "null": ("json", raw_claims("null")),
    "text behind the object": ("json", raw_claims(claims_text() + "{}")),
    "single quotes": ("json", raw_claims(claims_text().replace('"', "'"))),
    "a comma too many": ("json", raw_claims(f"{_TWICE},}}")),
    "Latin-1": ("json", raw_claims(f'{_TWICE},"x":"\xe9"}}'.encode("latin-1"))),
    "UTF-16": ("json", raw_claims(claims_text().encode("utf-16"))),
    "UTF-32": ("json", raw_claims(claims_text().encode("utf-32-be"))),
    "a byte order mark": ("json", raw_claims(claims_text().encode("utf-8-sig"))),
    "nested too deep": ("json", raw_claims("[" * 5900)),
    "over 8 KiB": ("oversized", lambda: longer_than(8192)),
    **{
        f"{name} of 256 characters": ("claims", claim(**{name: "x" * 256}))
        for name in ("sub", "client_id", "sandbox", "jti")
    },
}

ENCODINGS: Forgeries = {
    "a token within a token": ("json", lambda: compact(header(), good_token().encode())),
    "padding": ("malformed", segments(lambda head, payload, _: sign(f"{head}==.{payload}"))),
    "the alphabet of plain base64": ("malformed", lambda: sign(f"{good_token().split('.')[0]}.+/+/")),
    "spare bits in the header": (
        "encoding",
        segments(lambda head, payload, _: sign(f"{other_spelling(head)}.{payload}")),
    ),
    "spare bits in the payload": ("encoding", payload_spelt_otherwise),
    "spare bits in the signature": (
        "signature",
        segments(lambda *parts: ".".join((*parts[:2], other_spelling(parts[2])))),
    ),
    "a segment of an impossible length": (
        "encoding",
        segments(lambda head, payload, _: sign(f"{head}.{payload[: -(len(payload) % 4) or None]}A")),
    ),
    "an empty payload": ("encoding", segments(lambda head, _, __: sign(f"{head}."))),
    "an empty header": ("encoding", segments(lambda _, payload, __: sign(f".{payload}"))),
    "no signature": ("signature", segments(lambda head, payload, _: f"{head}.{payload}.")),
    "no signature and no dot": ("malformed", segments(lambda head, payload, _: f"{head}.{payload}")),
    "a fourth segment": ("malformed", segments(lambda *parts: ".".join((*parts, parts[2])))),
    "an encrypted token's five": ("malformed", segments(lambda *parts: ".".join((*parts, "AA", "AA")))),
    "a dot in front": ("malformed", segments(lambda *parts: ".".join(("", *parts)))),
    "dots only": ("encoding", lambda: ".."),
    "a signature in DER": ("signature", signature(der)),
    "a signature of zeros": ("signature", signature(lambda _: bytes(64))),
    "a signature of the order": ("signature", signature(lambda _: _ORDER.to_bytes(32) * 2)),
    "a signature with r and s changed about": ("signature", signature(lambda raw: raw[32:] + raw[:32])),
    "a signature cut short": ("signature", signature(lambda raw: raw[:-1])),
    "half a signature": ("signature", signature(lambda raw: raw[:32])),
    "a signature with a byte more": ("signature", signature(lambda raw: raw + b"\0")),
    "a signature twice": ("signature", signature(lambda raw: raw * 2)),
    "another token's signature": (
        "signature",
        segments(lambda head, payload, _: f"{head}.{payload}.{good_token(jti='x').split('.')[2]}"),
    ),
    "another token's payload": (
        "signature",
        segments(lambda head, _, sig: f"{head}.{good_token(sub='x').split('.')[1]}.{sig}"),
    ),
    "the JSON serialisation": ("malformed", lambda: '{"payload":"","protected":"","signature":""}'),
}

_ALL = {**CLAIMS, **PAYLOADS, **ENCODINGS}


@pytest.mark.parametrize(("reason", "forgery"), _ALL.values(), ids=_ALL.keys())
def test_a_forged_payload_is_denied(reason: str, forgery: Forgery, denied: Denied) -> None:
    assert denied(f"Bearer {forgery()}") == reason


@pytest.mark.parametrize(
    "spoil", [lambda text: f"{text}=", lambda text: f"{text[:8]}\n{text[8:]}", "é".__add__]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_another_spelling_is_refused_where_any_text_may_come(place: int, spoil: Callable[[str], str]) -> None:
    """Where no header restricts a token's characters; the signature is of the very spelling."""
    verifier = Verifier(public_jwks(KEY), issuer=ISSUER, audience=AUDIENCE)
    good = good_token()
    assert verifier.verify(good).issuer == ISSUER
    parts = good.split(".")
    parts[place] = spoil(parts[place])
    token = ".".join(parts)
    if place < 2:
        token = sign(token.rpartition(".")[0])
    with pytest.raises(
        TokenRefusedError, match="signature" if place == 2 and token.isascii() else "encoding"
    ):
        verifier.verify(token)


@pytest.mark.parametrize("character", "-_")
def test_the_alphabet_of_plain_base64_is_refused_where_any_text_may_come(character: str) -> None:
    verifier = Verifier(public_jwks(KEY), issuer=ISSUER, audience=AUDIENCE)
    plain = {"-": "+", "_": "/"}[character]
    tokens = (good_token(sub=f"{filler}~~~???>>>") for filler in ("", "a", "ab"))
    [payload, *_] = (part for token in tokens if character in (part := token.split(".")[1]))
    head = good_token().split(".")[0]
    assert verifier.verify(sign(f"{head}.{payload}")).issuer == ISSUER
    with pytest.raises(TokenRefusedError, match="encoding"):
        verifier.verify(sign(f"{head}.{payload.replace(character, plain)}"))
