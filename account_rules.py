"""The rules of users and clients, whether a stack's seed has them or a sandbox is given them at run time.

The deploy judges seeds by them and the functions what they are sent. Beside the standard library only the table of
routes is imported here, so that both can.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from routes import INTROSPECT, RESERVED_CLAIMS, RESERVED_SCOPES, SCOPES

DEFAULT_USER: Final = "testuser"
DEFAULT_CLIENTS: Final = ("demo-web", "demo-backend", "demo-service", "demo-admin")
DEFAULT_SECRETS: Final = (
    "password123",
    "admin123",
    "demo-backend-secret",
    "demo-service-secret",
    "demo-admin-secret",
)
"""The documented passwords and secrets of local and dev, refused elsewhere."""
OWN_CLIENTS: Final = ("psn-emulator", "psn-emulator-docs", "psn-emulator-console")
"""The clients of the simple form of a login, of the page of the API's description, and of the console: no seed gives
them."""

CLIENT_ID: Final = r"^[A-Za-z0-9._~-]{1,64}$"
EMAIL: Final = r"^[^@\s]+@[^@\s]+$"
BIRTHDATE: Final = r"^\d{4}(-\d{2}-\d{2})?$"
RESOURCE: Final = r'^[A-Za-z][A-Za-z0-9+.-]*:[!-"$-~]+$'
"""An absolute URI without a fragment (RFC 8707 section 2)."""

_RESERVED_USERNAME: Final = re.compile(r"fault-.*|locked", re.DOTALL)
OF_STACK: Final = "stack"
"""What stands in a sandbox for the hash that the user or client of the same name has in the stack's seed: it does not
leave the stack, and follows the seed."""

_HASH: Final = re.compile(
    r"\$argon2id\$v=19\$m=([1-9]\d{0,8}),t=([1-9]\d{0,8}),p=([1-9]\d{0,8})"
    r"\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{6,86})",
    re.ASCII,
)
"""With a salt of 8 and a tag of 4 bytes at least (RFC 9106 section 3.1), in base64 without padding."""
_KIBIBYTES: Final = range(19456, 128 * 1024 + 1)
_PASSES: Final = range(2, 11)
_LANES: Final = range(1, 17)
_MOST_EXTRA: Final = 1024
_AUTHORITY: Final = r"(//(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?)"
_REST: Final = r'([/?][!-"$-\[\]-~]*)?'
_REDIRECT_URI: Final = re.compile(
    rf"https:{_AUTHORITY}{_REST}|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{{1,5}})?{_REST}"
    rf"|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:{_AUTHORITY}?{_REST}"
)
"""https, http on the loopback interface, and private schemes, which have a dot (RFC 8252 section 7.1)."""
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_HOST, _LONGEST_LABEL = 253, 63
"""Characters (RFC 1035 section 2.3.4)."""
_LONGEST_AUDIENCE: Final = 2048
_NETWORK_URI: Final = re.compile(rf"http://([A-Za-z0-9_-]+|host\.docker\.internal)(:\d{{1,5}})?{_REST}")
"""http to a container or machine of one's own network."""


def is_reserved(username: str) -> bool:
    """Whether no user is called so, whatever the case: a magic value, which stands for a fault."""
    return _RESERVED_USERNAME.fullmatch(username.casefold()) is not None


def fault_of_hash(password_hash: str) -> str | None:
    """What is wrong with a hash, in words that follow its name: it should be argon2id in PHC form, of at least OWASP's
    parameters (Password Storage Cheat Sheet), and ask for no more than a function has."""
    match = _HASH.fullmatch(password_hash)
    if match is None or int(match[1]) < _KIBIBYTES.start or int(match[2]) < _PASSES.start:
        return f"should be an argon2id hash in PHC form of at least m={_KIBIBYTES.start}, t={_PASSES.start}"
    if any(int(match[place]) not in known for place, known in ((1, _KIBIBYTES), (2, _PASSES), (3, _LANES))):
        most = f"m={_KIBIBYTES[-1]}, t={_PASSES[-1]}, p={_LANES[-1]}"
        return f"asks for more than a function has: at most {most}"
    if not all(_is_base64(match[place]) for place in (4, 5)):
        return "is cut off: its salt or tag is no base64"
    return None


def _is_base64(text: str) -> bool:
    """Whether ``text`` is base64 without padding and without bits that say nothing, as argon2 demands."""
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    return base64.b64encode(whole).decode().rstrip("=") == text


def is_safe(redirect_uri: str) -> bool:
    """Whether a redirect URI is one of https, of http on the loopback interface, or of a private scheme (RFC 9700
    section 2.1, RFC 8252 section 7)."""
    return _REDIRECT_URI.fullmatch(redirect_uri) is not None and _has_possible_host(redirect_uri)


def is_in_network(redirect_uri: str) -> bool:
    """Whether a redirect URI is an http one of a host without a dot, which only local and dev let in."""
    return _NETWORK_URI.fullmatch(redirect_uri) is not None and _has_possible_host(redirect_uri)


def _has_possible_host(uri: str) -> bool:
    """Whether the host of ``uri``, if it has one, is an address or a name that is none in disguise: browsers take a
    name whose last label is a number, decimal, octal or hexadecimal, for an IPv4 address (URL Standard section 3.5)."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
        if host is None:
            return True
        if parts.netloc.startswith("["):
            ipaddress.IPv6Address(host)
            return port != 0
        labels = host.removesuffix(".").split(".")
        if _NUMBER.fullmatch(labels[-1]):
            ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return (
        port != 0 and len(host) <= _LONGEST_HOST and all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    )


SAFE: Final = (
    "an https URI without a fragment, an http one on the loopback interface, or one of a private scheme such as"
    " com.example.game:/callback"
)


def expanded(scopes: Sequence[str]) -> list[str]:
    """The scopes that are named, each once; ``all`` stands for all but the reserved ones."""
    every = [scope for scope in SCOPES if scope not in RESERVED_SCOPES]
    named = [scope for name in scopes for scope in (every if name == "all" else [name])]
    return list(dict.fromkeys(named))


def fault_of_scopes(scopes: Collection[str]) -> str | None:
    """What is wrong with the scopes that are named, in words that follow "should": one that is not known would never
    be granted (``services.identity.scopes``)."""
    return None if {*scopes} <= {*SCOPES, "all"} else f"be of {', '.join(SCOPES)} and all"


def fault_of_claims(extra_claims: Mapping[str, Any], fields: Collection[str]) -> str | None:
    """What is wrong with further claims, in words that follow "should": they may be none that the identity provider
    says itself or the ``fields`` of users give, nor what must never be in a token, and tokens have room for so many
    (``MAX_BYTES`` of ``services.identity.access_token_verifier``)."""
    others = {*fields, "scopes", "password_hash", "client_id", "preferred_username"}
    if taken := sorted(
        (RESERVED_CLAIMS | others - {"username", "subject", "extra_claims"}) & extra_claims.keys()
    ):
        return f"leave {', '.join(taken)} to the identity provider and the fields of users"
    if len(json.dumps(extra_claims, separators=(",", ":"), allow_nan=False)) > _MOST_EXTRA:
        return f"be at most {_MOST_EXTRA} characters of JSON"
    return None


def fault_of_client(
    *,
    redirect_uris: Collection[str],
    grant_types: Collection[str],
    scopes: Collection[str],
    audiences: Sequence[Sequence[str]],
    is_public: bool,
) -> str | None:
    """What of a client is impossible together; ``audiences`` are those that a token may have, for which there is so
    much room in one (``MAX_BYTES`` of ``services.identity.access_token_verifier``)."""
    for impossible, fault in (
        (
            bool(redirect_uris) != ("authorization_code" in grant_types),
            "redirect_uris and the grant authorization_code go together",
        ),
        (set(grant_types) == {"refresh_token"}, "the grant refresh_token needs another before it"),
        (is_public and "client_credentials" in grant_types, "the grant client_credentials needs a secret"),
        (is_public and INTROSPECT in scopes, f"the scope {INTROSPECT} needs a secret"),
        (
            any(len(json.dumps(names)) > _LONGEST_AUDIENCE for names in audiences),
            f"audience and resources have at most {_LONGEST_AUDIENCE} characters of JSON each",
        ),
    ):
        if impossible:
            return fault
    return None
