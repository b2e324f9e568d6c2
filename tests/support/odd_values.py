"""Values that no well-meaning client sends: texts, values of JSON, headers, bodies, headers of tokens."""

from collections.abc import Mapping
from typing import Any

from tests.support.sample_requests import FORM_TYPE, JSON_TYPE

LONG = 9_000
"""Characters: more than a key of the table may have, and than a token."""

# fmt: off
TEXTS: tuple[str, ...] = (
    "", " ", "\0", "\n", "\t", "-", "*", "null", "true", "0", "-1", "1e400", "NaN", "1.5", "9" * 400,
    "9" * 5_000, "é", "✓", "😀", "\ufffd", "\u2028", "\u202e", "ß" * 64, "İ" * 200, "a" * 65, "a" * 256,
    "a" * 1_025, "a" * 2_100, "a" * LONG, "%", "%00", "%ff", "%zz", "a%2fb", "../../etc/passwd", "..%2f",
    "{{7*7}}", "{0}", "{}", "[]", "'", '"', "' OR 1=1 --", "<script>", "\\", "a,b", "a;b", "a=b&c=d",
    "x.y.z", "..", "a.b", "=", 'W/"v1"', '"v1"', '"v', "#", "default#players", "openid openid",
    "openid  players:read", " openid", "none login", "login none", "S256", "code", "999999999",
    "9999999999", "-999999999", "253402300800", "2026-01-02T03:04:05Z", "9999-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00Z", "http://[::1", "http://a b", "//evil.test", "javascript:alert(1)",
    "x" * 22 + "." + "y" * 43,
)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 1e308, 10**15, 10**30, 10**400, 2**53, -(2**63), [], {}, [[]], [None],
    {"": None}, {"a": {"b": [1]}}, ["x"] * 200, {str(number): number for number in range(200)},
)
HEADERS: Mapping[str, tuple[str, ...]] = {
    "content-type": (
        "", "text/plain", "application/json; charset=latin-1", "application/json; charset=",
        "application/json;;", "multipart/form-data; boundary=x", FORM_TYPE, JSON_TYPE,
        f"{FORM_TYPE}; charset=utf-16", "x", "/", ";charset",
    ),
    "authorization": (
        "", "Bearer", "Bearer ", "Bearer x", "Bearer x.y.z", "bearer a.b.c", "Basic", "Basic !",
        "Basic Og==", "Basic dGVz", "Basic //79", "Basic JTAwOiUwMA==", "Basic JWZmOiVmZg==", "Digest x",
        "Bearer a, Bearer b", "Bearer " + "a" * 7_000,
    ),
    "if-match": (
        "", "*", '"v1"', "v1", '"', 'W/"v1"', '"v1", *', '"' + "a" * 5_000 + '"', ",",
        '"v99999999999999999999999"',
    ),
    "if-none-match": (
        "", "*", '"v1"', "v1", '"', ',,,"v1"', '"' * 999,
    ),
    "idempotency-key": (
        "", " ", "k", "k" * 255, "k" * 256, "\t", "a b", "{}", "☃",
    ),
    "traceparent": (
        "", "00-" + "0" * 32 + "-" + "0" * 16 + "-00", "ff-x", "x" * 4_000,
    ),
    "x-correlation-id": (
        "", "x", "x" * 129, "a b", "☃",
    ),
    "accept": (
        "", "*/*", "text/html", "text/html;q=x", "a" * 4_000,
    ),
    "cookie": (
        "", "=", ";", "a", "__Host-psn-session", "__Host-psn-session=; __Host-psn-session=",
        "psn-session=x; psn-browser=y",
    ),
    "origin": (
        "", "null", "https://evil.test",
    ),
    "x-forwarded-for": (
        "", "x", "::1, ::2",
    ),
    "accept-language": (
        "", "xx-" * 99,
    ),
}
BODIES: tuple[bytes, ...] = (
    b"", b" ", b"{", b"}", b"[]", b"null", b"0", b'""', b'"\\ud800"', b'{"a":1,"a":2}', b'{"a":1}{"b":2}',
    b"NaN", b"-", b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0", b"\x80\x81",
    b'{"username":"\xff\xfe","password":"\xc3\x28"}', b"a=\xff", b"a=%FF", b"username=\xf0\x28\x8c\x28",
    b"\0" * 10, b"&" * 500, b"a=" * 500, b"a=b&" * 200, b"=", b"%", b"token=%00", b"a" * 65_536,
    b"[" * 20_000, b"[" * 9_000 + b"]" * 9_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000, b"9" * 5_000,
    b"1e999", b"a" * 65_537, b'{"score":' + b"9" * 5_000 + b"}", b'{"username":"' + b"a" * 60_000 + b'"}',
    b'{"outcome":"win","score":1e300}',
)
JWT_HEADERS: tuple[Any, ...] = (
    {"crit": 7}, {"crit": ["exp"]}, {"crit": "exp"}, {"crit": None}, {"kid": 1}, {"kid": []}, {"kid": {}},
    {"kid": None}, {"alg": 1}, {"alg": []}, {"alg": None}, {"alg": "none"}, {"typ": 1}, {"typ": []},
    {"b64": False}, {"jwk": {}}, {"zip": "DEF"}, {"x5c": [1]}, {"cty": 1}, [], "x", 1, None,
    {"a": [[[[[]]]]]},
)
# fmt: on
