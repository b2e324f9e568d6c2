"""The issuer's metadata and keys for clients and resource servers; it lists only what is implemented."""

from typing import Any, Final

from handlers.token import GRANTS
from models.auth import JWKSet, ProviderMetadata, ServerMetadata
from routes import SCOPES, path_to
from services.identity import authentication_context, claims
from services.identity.authorization_request import CHALLENGE_METHOD, PROMPTS, RESPONSE_MODE, RESPONSE_TYPE
from services.identity.public_keys import published_keys
from utils.http import Request, Response
from utils.sandbox import Sandbox

_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_BY_SECRET: Final = ("client_secret_basic", "client_secret_post")
_ID_TOKEN_CLAIMS: Final = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr")
_USERINFO_CLAIMS: Final = tuple(name for names in claims.OF_SCOPES.values() for name in names)


def jwks(_request: Request) -> Response:
    """The keys that verify tokens.

    Answers:
        200: A JWK Set (RFC 7517).
    """
    return _cached(JWKSet(published_keys()))


def stack_keys(request: Request) -> Response:
    """The keys by which the stack itself verifies tokens. No fault and no limit is felt here; clients and resource
    servers go by the metadata's `jwks_uri`.

    Answers:
        200: A JWK Set (RFC 7517).
    """
    return jwks(request)


def oauth_authorization_server(request: Request) -> Response:
    """The issuer, for OAuth clients.

    Answers:
        200: RFC 8414.
    """
    return _cached(ServerMetadata(**_server(request.sandbox)))


def openid_configuration(request: Request) -> Response:
    """The issuer, for OpenID clients.

    Answers:
        200: OpenID Connect Discovery 1.0.
    """
    metadata = ProviderMetadata(
        **_server(request.sandbox),
        end_session_endpoint=request.sandbox.url(path_to("auth-logout")),
        prompt_values_supported=list(PROMPTS),
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=sorted({key["alg"] for key in published_keys()}),
        acr_values_supported=authentication_context.offered(),
        claims_supported=[*_ID_TOKEN_CLAIMS, *_USERINFO_CLAIMS],
        claims_parameter_supported=True,
        request_uri_parameter_supported=False,
    )
    return _cached(metadata)


def _server(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "issuer": sandbox.issuer,
        "authorization_endpoint": sandbox.url(path_to("auth-authorize")),
        "token_endpoint": sandbox.url(path_to("auth-token")),
        "revocation_endpoint": sandbox.url(path_to("auth-revoke")),
        "introspection_endpoint": sandbox.url(path_to("auth-introspect")),
        "userinfo_endpoint": sandbox.url(path_to("auth-userinfo")),
        "registration_endpoint": sandbox.url(path_to("auth-register")),
        "jwks_uri": sandbox.url(path_to("jwks")),
        "scopes_supported": list(SCOPES),
        "response_types_supported": [RESPONSE_TYPE],
        "response_modes_supported": [RESPONSE_MODE],
        "grant_types_supported": list(GRANTS),
        "code_challenge_methods_supported": [CHALLENGE_METHOD],
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_methods_supported": [*_BY_SECRET, "none"],
        "revocation_endpoint_auth_methods_supported": [*_BY_SECRET, "none"],
        "introspection_endpoint_auth_methods_supported": list(_BY_SECRET),
    }


def _cached(body: Any) -> Response:
    return Response(200, body, _CACHED)
