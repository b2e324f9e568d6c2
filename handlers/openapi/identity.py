"""The identity provider's routes for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from handlers.openapi.operation import Answer, Body, Operation
from models.auth import Introspection, JWKSet, ProviderMetadata, ServerMetadata, Tokens, UserInfo
from models.auth_body import ClientCredentialsBody, CodeBody, LoginBody, RefreshBody, Secret
from utils.http import FORM_TYPE
from utils.oauth_errors import (
    BearerTokenException,
    InsufficientScopeException,
    InvalidClientException,
    InvalidGrantException,
    InvalidRequestException,
    InvalidScopeException,
    UnauthorizedClientException,
    UnsupportedGrantTypeException,
)

_JWT: Final = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI5YzU4OGY2ZCJ9.c2lnbmF0dXJl"
_REFRESH: Final = "kq3cH8mJ5fVZ0yTb7nXw2A.2dWk9sQeR1uYtIoP4aSdFgHjKlZxCvBnM7qWeRtYuIo"
_TOKENS: Final = Tokens(_JWT, "Bearer", 3600, "openid players:read", _REFRESH, _JWT)
_TOKEN_ANSWER: Final = {200: Answer("The tokens.", Tokens, _TOKENS)}
_API: Final = "https://api.example"
_SUBJECT: Final = "9c588f6d-700d-473d-879c-c547c665f9e8"


class _Client(BaseModel):
    """What a client may say of itself in a form, whose further fields are ignored.

    A field without a value counts as left out (RFC 6749 section 3.2).
    """

    model_config = ConfigDict(extra="ignore")

    client_id: str | None = None
    client_secret: Secret | Literal[""] | None = None


class PasswordGrant(LoginBody, _Client):
    """A login by password (RFC 6749 section 4.3.2)."""

    grant_type: Literal["password"]


class RefreshGrant(RefreshBody, _Client):
    """A refresh (RFC 6749 section 6)."""

    grant_type: Literal["refresh_token"]


class CodeGrant(CodeBody, _Client):
    """The redemption of an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""

    grant_type: Literal["authorization_code"]


class ClientCredentialsGrant(ClientCredentialsBody, _Client):
    """A client's request on its own behalf (RFC 6749 section 4.4.2)."""

    grant_type: Literal["client_credentials"]


class TokenForm(_Client):
    """A token that a client revokes (RFC 7009 section 2.1) or asks about (RFC 7662 section 2.1)."""

    token: Annotated[str, Field(min_length=1)]
    token_type_hint: str | None = None


_METADATA: Final = ServerMetadata(
    issuer=_API,
    authorization_endpoint=f"{_API}/auth/authorize",
    token_endpoint=f"{_API}/auth/token",
    revocation_endpoint=f"{_API}/auth/revoke",
    introspection_endpoint=f"{_API}/auth/introspect",
    userinfo_endpoint=f"{_API}/auth/userinfo",
    jwks_uri=f"{_API}/.well-known/jwks.json",
    scopes_supported=["openid", "players:read"],
    response_types_supported=["code"],
    response_modes_supported=["query"],
    grant_types_supported=["authorization_code", "refresh_token"],
    code_challenge_methods_supported=["S256"],
    authorization_response_iss_parameter_supported=True,
    token_endpoint_auth_methods_supported=["client_secret_basic", "none"],
    revocation_endpoint_auth_methods_supported=["client_secret_basic", "none"],
    introspection_endpoint_auth_methods_supported=["client_secret_basic"],
)
_PROVIDER: Final = ProviderMetadata(
    **asdict(_METADATA),
    end_session_endpoint=f"{_API}/auth/logout",
    prompt_values_supported=["none", "login"],
    subject_types_supported=["public"],
    id_token_signing_alg_values_supported=["ES256"],
    claims_supported=["iss", "sub", "name"],
    request_uri_parameter_supported=False,
)
_JWKS: Final = JWKSet(
    [{"kty": "EC", "crv": "P-256", "kid": "key-1", "alg": "ES256", "x": "f83O…", "y": "x_FE…"}]
)
_TOKEN_FORM: Final = Body(TokenForm, {"An access token": {"token": _JWT}}, FORM_TYPE)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "auth-token": Operation(
        tag="Identity",
        summary="Get tokens",
        description=(
            "The grants of OAuth 2.0 as a form, from a client that authenticates by HTTP Basic or in the form;"
            " or, as the simple form, username and password in JSON, without a client."
        ),
        bodies=(
            Body(LoginBody, {"The simple form": {"username": "testuser", "password": "password123"}}),
            Body(
                PasswordGrant | RefreshGrant | CodeGrant | ClientCredentialsGrant,
                {
                    "A password": {
                        "grant_type": "password",
                        "client_id": "demo-backend",
                        "client_secret": "demo-backend-secret",
                        "username": "testuser",
                        "password": "password123",
                    },
                    "A code": {
                        "grant_type": "authorization_code",
                        "client_id": "demo-web",
                        "code": "SplxlOBeZQQYbYS6WxSbIA",
                        "redirect_uri": "http://localhost:8080/callback",
                        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                    },
                    "A refresh token": {
                        "grant_type": "refresh_token",
                        "client_id": "demo-web",
                        "refresh_token": _REFRESH,
                    },
                    "A client of its own": {
                        "grant_type": "client_credentials",
                        "client_id": "demo-service",
                        "client_secret": "demo-service-secret",
                        "scope": "players:read",
                    },
                },
                FORM_TYPE,
            ),
        ),
        answers=_TOKEN_ANSWER,
        errors=(
            InvalidRequestException,
            InvalidClientException,
            InvalidGrantException,
            InvalidScopeException,
            UnauthorizedClientException,
            UnsupportedGrantTypeException,
        ),
        refusals="oauth",
        client=True,
    ),
    "auth-refresh": Operation(
        tag="Identity",
        summary="Get the next tokens for a refresh token",
        description="The simple form of the refresh grant. A refresh token is good once.",
        bodies=(Body(RefreshBody, {"A refresh token": {"refresh_token": _REFRESH}}),),
        answers=_TOKEN_ANSWER,
        errors=(InvalidRequestException, InvalidGrantException, InvalidScopeException),
        refusals="oauth",
    ),
    "auth-revoke": Operation(
        tag="Identity",
        summary="End a token",
        description="And with it all tokens of its family (RFC 7009). What is no token is answered alike.",
        bodies=(_TOKEN_FORM,),
        answers={200: Answer("The token is no good any more.")},
        errors=(InvalidRequestException, InvalidClientException, InvalidGrantException),
        refusals="oauth",
        client=True,
    ),
    "auth-introspect": Operation(
        tag="Identity",
        summary="Ask what a token is worth",
        description="For clients with the scope `tokens:introspect` (RFC 7662).",
        bodies=(_TOKEN_FORM,),
        answers={
            200: Answer(
                "What there is to know.",
                Introspection,
                {"active": True, "scope": "players:read", "sub": _SUBJECT, "client_id": "demo-web"},
            )
        },
        errors=(InvalidRequestException, InvalidClientException, UnauthorizedClientException),
        refusals="oauth",
        client=True,
    ),
    "auth-userinfo": Operation(
        tag="Identity",
        summary="Read the claims of the bearer",
        answers={
            200: Answer("What the token's scopes give.", UserInfo, {"sub": _SUBJECT, "name": "Test User"})
        },
        errors=(BearerTokenException, InsufficientScopeException),
        refusals="oauth",
        bearer="openid",
    ),
    "jwks": Operation(
        tag="Identity",
        summary="The keys that verify tokens",
        answers={200: Answer("A JWK Set (RFC 7517).", JWKSet, _JWKS)},
    ),
    "openid-configuration": Operation(
        tag="Identity",
        summary="The issuer, for OpenID clients",
        answers={200: Answer("OpenID Connect Discovery 1.0.", ProviderMetadata, _PROVIDER)},
    ),
    "oauth-authorization-server": Operation(
        tag="Identity",
        summary="The issuer, for OAuth clients",
        answers={200: Answer("RFC 8414.", ServerMetadata, _METADATA)},
    ),
}
