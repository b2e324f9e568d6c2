"""How callers prove who they are."""

from collections.abc import Mapping
from typing import Any, Final

from handlers.openapi.operation import Operation
from routes import ROUTES, Route
from services.identity.scopes import MEANINGS, OF_USERS
from utils.settings import Settings

_OAUTH: Final = "oauth"
_BEARER: Final = "bearer"
_CLIENT: Final = "client"
_PATHS: Final = {route.name: route.path for route in ROUTES}


def schemes(deployment: Settings) -> dict[str, Any]:
    """The Security Scheme Objects: OAuth at whoever issues the tokens, the bare token, and a client's own secret."""
    return {
        _OAUTH: _oauth(deployment),
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


def requirements(route: Route, operation: Operation) -> list[dict[str, list[str]]]:
    """The Security Requirement Objects of a route, one of which has to be met."""
    scope = route.scope or operation.bearer
    if scope is not None:
        return [{_OAUTH: [scope]}, {_BEARER: []}]
    return [{_CLIENT: []}, {}] if operation.client else []


def _oauth(deployment: Settings) -> Mapping[str, Any]:
    if deployment.trusted_issuer != deployment.issuer:
        discovery = f"{deployment.trusted_issuer}/.well-known/openid-configuration"
        return {"type": "openIdConnect", "openIdConnectUrl": discovery, "description": "Another issuer."}
    token_url = deployment.url(_PATHS["auth-token"])
    return {
        "type": "oauth2",
        "description": "OAuth 2.0 at this very service.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": deployment.url(_PATHS["auth-authorize"]),
                "tokenUrl": token_url,
                "refreshUrl": token_url,
                "scopes": dict(MEANINGS),
            },
            "clientCredentials": {
                "tokenUrl": token_url,
                "scopes": {name: meaning for name, meaning in MEANINGS.items() if name not in OF_USERS},
            },
        },
    }
