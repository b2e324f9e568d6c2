"""How callers prove who they are."""

from collections.abc import Mapping
from typing import Any, Final

from routes import SCOPES, Route, path_to
from services.identity.scopes import OF_USERS

_OAUTH: Final = "oauth"
_BEARER: Final = "bearer"
_CLIENT: Final = "client"


def schemes(issuer: str) -> dict[str, Any]:
    """The Security Scheme Objects: OAuth at ``issuer``, the bare token, and a client's own secret."""
    return {
        _OAUTH: _oauth(issuer),
        _BEARER: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token (RFC 9068), for example of the simple form of `POST /auth/token`.",
        },
        _CLIENT: {
            "type": "http",
            "scheme": "basic",
            "description": "A client's id and secret (RFC 6749 section 2.3.1).",
        },
    }


def requirements(route: Route) -> list[dict[str, list[str]]]:
    """The Security Requirement Objects of a route, one of which has to be met."""
    scope = route.scope or route.bearer
    if scope is not None:
        return [{_OAUTH: [scope]}, {_BEARER: []}]
    if route.registers:
        return [{_BEARER: []}, *([] if route.parameters else [{}])]
    return [{_CLIENT: []}, {}] if route.client else []


def _oauth(issuer: str) -> Mapping[str, Any]:
    token_url = issuer + path_to("auth-token")
    return {
        "type": "oauth2",
        "description": "OAuth 2.0 at this very service.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": issuer + path_to("auth-authorize"),
                "tokenUrl": token_url,
                "refreshUrl": token_url,
                "scopes": dict(SCOPES),
            },
            "clientCredentials": {
                "tokenUrl": token_url,
                "scopes": {name: meaning for name, meaning in SCOPES.items() if name not in OF_USERS},
            },
        },
    }
