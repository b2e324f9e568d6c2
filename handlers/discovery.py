"""What clients and resource servers read about the issuer; true to what is served, whatever the RFCs foresee.

Empty lists stand although RFC 8414 section 3.2 leaves them out, because what is left out has a default there that
promises more: ``grant_types_supported`` would be the authorization code.
"""

from typing import Any, Final

from main import ROUTES
from models.auth import JWKSet, ProviderMetadata, ServerMetadata
from services.public_keys import published
from services.scopes import SCOPES
from utils.http import Request, Response
from utils.settings import settings

_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_PATHS: Final = {route.name: route.path for route in ROUTES}


def jwks(_request: Request) -> Response:
    """``GET /.well-known/jwks.json`` (RFC 7517)."""
    return _cached(JWKSet(published()))


def oauth_authorization_server(_request: Request) -> Response:
    """``GET /.well-known/oauth-authorization-server`` (RFC 8414)."""
    return _cached(ServerMetadata(**_server()))


def openid_configuration(_request: Request) -> Response:
    """``GET /.well-known/openid-configuration`` (OpenID Connect Discovery 1.0)."""
    metadata = ProviderMetadata(
        **_server(),
        subject_types_supported=["public"],
        claims_supported=["sub", "name", "preferred_username", "email", "email_verified"],
        request_uri_parameter_supported=False,
    )
    return _cached(metadata)


def _server() -> dict[str, Any]:
    deployment = settings()
    return {
        "issuer": deployment.issuer,
        "token_endpoint": deployment.url(_PATHS["auth-token"]),
        "userinfo_endpoint": deployment.url(_PATHS["auth-userinfo"]),
        "jwks_uri": deployment.url(_PATHS["jwks"]),
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
    }


def _cached(body: Any) -> Response:
    return Response(200, body, _CACHED)
