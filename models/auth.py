"""The answers of the identity routes, in the shapes of their RFCs; no pydantic, see ``models.responses``."""

from dataclasses import asdict, dataclass
from typing import Literal, NotRequired, TypedDict

from models.examples import Examples


@dataclass(frozen=True, slots=True)
class Tokens:
    """The answer of a token endpoint (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).

    ``expires_in`` is in seconds. ``None`` is left out of the answer: the refresh token of a client that may not use
    one, the ID token without the scope ``openid``.
    """

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class Address(TypedDict):
    """A postal address (OpenID Connect Core section 5.1.1)."""

    formatted: NotRequired[str]
    street_address: NotRequired[str]
    locality: NotRequired[str]
    region: NotRequired[str]
    postal_code: NotRequired[str]
    country: NotRequired[str]


class UserInfo(TypedDict):
    """The answer of ``GET /auth/userinfo`` (OpenID Connect Core section 5.3.2).

    The scopes ``profile``, ``email``, ``address`` and ``phone`` add the claims of section 5.4 that the user has, and
    the
    ``claims`` parameter those that it names; further ones are those that the user's and the client's entries in the
    seed add. ``updated_at`` is in seconds since 1970.
    """

    sub: str
    name: NotRequired[str]
    preferred_username: NotRequired[str]
    email: NotRequired[str]
    email_verified: NotRequired[bool]
    given_name: NotRequired[str]
    family_name: NotRequired[str]
    middle_name: NotRequired[str]
    nickname: NotRequired[str]
    profile: NotRequired[str]
    picture: NotRequired[str]
    website: NotRequired[str]
    gender: NotRequired[str]
    birthdate: NotRequired[str]
    zoneinfo: NotRequired[str]
    locale: NotRequired[str]
    updated_at: NotRequired[int]
    address: NotRequired[Address]
    phone_number: NotRequired[str]
    phone_number_verified: NotRequired[bool]


UserInfo.__pydantic_config__ = {"extra": "allow"}  # type: ignore[attr-defined]
"""The seed may give further claims (OpenID Connect Core section 5.1.2)."""


class Introspection(TypedDict):
    """The answer of ``POST /auth/introspect`` (RFC 7662 section 2.2); only ``active`` for a token that is not alive.

    A refresh token has no ``token_type``, ``aud``, ``jti`` and ``nbf``. Times are seconds since 1970.
    """

    active: bool
    scope: NotRequired[str]
    client_id: NotRequired[str]
    username: NotRequired[str]
    token_type: NotRequired[Literal["Bearer"]]
    exp: NotRequired[int]
    iat: NotRequired[int]
    nbf: NotRequired[int]
    sub: NotRequired[str]
    aud: NotRequired[str | list[str]]
    iss: NotRequired[str]
    jti: NotRequired[str]
    sandbox: NotRequired[str]


@dataclass(frozen=True, slots=True)
class JWKSet:
    """The public keys that verify our tokens (RFC 7517 section 5)."""

    keys: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """The authorization server metadata (RFC 8414 section 2) of what is implemented."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    userinfo_endpoint: str
    registration_endpoint: str
    jwks_uri: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    code_challenge_methods_supported: list[str]
    authorization_response_iss_parameter_supported: bool
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]


@dataclass(frozen=True, slots=True)
class ProviderMetadata(ServerMetadata):
    """The OpenID provider metadata (OpenID Connect Discovery section 3) of what is implemented."""

    end_session_endpoint: str
    prompt_values_supported: list[str]
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    acr_values_supported: list[str]
    claims_supported: list[str]
    claims_parameter_supported: bool
    request_uri_parameter_supported: bool


def examples() -> Examples:
    """See ``models.examples``."""
    jwt = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI5YzU4OGY2ZCJ9.c2lnbmF0dXJl"
    next_token = "kq3cH8mJ5fVZ0yTb7nXw2A.2dWk9sQeR1uYtIoP4aSdFgHjKlZxCvBnM7qWeRtYuIo"  # noqa: S105 - made up
    subject = "9c588f6d-700d-473d-879c-c547c665f9e8"
    issuer = "https://api.example"
    server = ServerMetadata(
        issuer=issuer,
        authorization_endpoint=f"{issuer}/auth/authorize",
        token_endpoint=f"{issuer}/auth/token",
        revocation_endpoint=f"{issuer}/auth/revoke",
        introspection_endpoint=f"{issuer}/auth/introspect",
        userinfo_endpoint=f"{issuer}/auth/userinfo",
        registration_endpoint=f"{issuer}/auth/register",
        jwks_uri=f"{issuer}/.well-known/jwks.json",
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
    provider = ProviderMetadata(
        **asdict(server),
        end_session_endpoint=f"{issuer}/auth/logout",
        prompt_values_supported=["none", "login"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["ES256"],
        acr_values_supported=["1"],
        claims_supported=["iss", "sub", "name"],
        claims_parameter_supported=True,
        request_uri_parameter_supported=False,
    )
    key = {"kty": "EC", "crv": "P-256", "kid": "key-1", "alg": "ES256", "x": "f83O…", "y": "x_FE…"}
    return {
        Tokens: {"Tokens": Tokens(jwt, "Bearer", 3600, "openid players:read", next_token, jwt)},
        UserInfo: {"A user": {"sub": subject, "name": "Test User"}},
        Introspection: {
            "A live token": {"active": True, "scope": "players:read", "sub": subject, "client_id": "demo-web"}
        },
        JWKSet: {"A key": JWKSet([key])},
        ServerMetadata: {"A server": server},
        ProviderMetadata: {"A provider": provider},
    }
