"""Who sends a request, as far as the request itself says, before anything of it is checked.

It is what faults, limits and the journal go by, and nothing is permitted by it.
"""

import re
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from routes import ADMIN
from utils import strict_json
from utils.errors import PSNEmulatorException
from utils.http import FORM_TYPE, JSON_TYPE, Pairs, Request

FIRST_PARTY: Final = "psn-emulator"
"""The client of logins and refreshes in JSON, which name none."""
CONSOLE: Final = "psn-emulator-console"
"""The client of the console."""

_CREDENTIALS: Final = re.compile(r"(?P<scheme>basic|bearer) +(?P<value>\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """The user or client that a token is for, and the client that asks; ``None`` where the request does not say."""

    sub: str | None = None
    client_id: str | None = None


def caller_of(request: Request) -> Caller:
    """The caller by the access token, or, at the identity provider, by what a client says of itself."""
    if request.claims:
        return _of_claims(request.claims)
    credentials = _CREDENTIALS.fullmatch(request.headers.get("authorization", ""))
    fields = _fields(request)
    if credentials and credentials["scheme"].lower() == "basic":
        return Caller(client_id=_basic(credentials["value"]))
    token = credentials["value"] if credentials else fields.get("access_token", "")
    if token and (claims := _claims(token)):
        return _of_claims(claims)
    given = fields.get("client_id") or request.query.get("client_id")
    return Caller(client_id=given or request.path_parameters.get("client_id"))


def is_operators(request: Request) -> bool:
    """Whether ``request`` is a step of the login of who operates the emulator: at the identity provider, of the
    console, or naming the scope ``emulator:admin``, in its query, form or JSON."""
    if not request.route.startswith("auth-"):
        return False
    return caller_of(request).client_id == CONSOLE or any(
        (name == "client_id" and value == CONSOLE) or (name == "scope" and ADMIN in value.split(" "))
        for name, value in (*_pairs(request.query_pairs), *_pairs(lambda: _body(request)))
    )


def _body(request: Request) -> Pairs:
    """The texts in a form, or in a JSON object, by name."""
    if request.media_type == FORM_TYPE:
        return request.form_pairs()
    given = request.json() if request.media_type == JSON_TYPE else None
    members = given.items() if isinstance(given, dict) else ()
    return [(name, value) for name, value in members if isinstance(value, str)]


def _pairs(read: Callable[[], Pairs]) -> Pairs:
    """What ``read`` reads; nothing where that cannot be read."""
    try:
        return read()
    except PSNEmulatorException:
        return []


def _of_claims(claims: Mapping[str, Any]) -> Caller:
    sub, client_id = claims.get("sub"), claims.get("client_id")
    return Caller(
        sub if isinstance(sub, str) else None,
        client_id if isinstance(client_id, str) else None,
    )


def _fields(request: Request) -> Mapping[str, str]:
    """The texts in a form, the last of each name; of a body in JSON the client that its sender is."""
    if not request.route.startswith("auth-"):
        return {}
    try:
        if request.media_type == FORM_TYPE:
            return dict(request.form_pairs())
    except PSNEmulatorException:
        return {}
    is_first_party = request.media_type == JSON_TYPE and request.route in {"auth-token", "auth-refresh"}
    return {"client_id": FIRST_PARTY} if is_first_party else {}


def _basic(encoded: str) -> str | None:
    try:
        client_id, colon, _ = a2b_base64(encoded).decode().partition(":")
    except ValueError:
        return None
    return (unquote_plus(client_id) or None) if colon else None


def _claims(token: str) -> Mapping[str, Any]:
    """What a JWT claims; nothing where it is none."""
    segments = token.split(".")
    if len(segments) != 3:
        return {}
    try:
        claims = strict_json.parse(a2b_base64(segments[1].replace("-", "+").replace("_", "/") + "=="))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
