"""What the identity routes answer, in the shapes of their RFCs; plain, for the reason in ``models.responses``."""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict


@dataclass(frozen=True, slots=True)
class Tokens:
    """The answer of a token endpoint (RFC 6749 section 5.1). ``expires_in`` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    scope: str


class UserInfo(TypedDict):
    """The answer of ``GET /auth/userinfo`` (OpenID Connect Core section 5.3.2).

    The scope ``profile`` adds ``name`` and ``preferred_username``, ``email`` adds the other two.
    """

    sub: str
    name: NotRequired[str]
    preferred_username: NotRequired[str]
    email: NotRequired[str]
    email_verified: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class JWKSet:
    """The public keys that verify our tokens (RFC 7517 section 5)."""

    keys: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """What an OAuth client may know of the server (RFC 8414 section 2), as far as it is served."""

    issuer: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]


@dataclass(frozen=True, slots=True)
class ProviderMetadata(ServerMetadata):
    """What an OpenID client may know besides (OpenID Connect Discovery section 3), as far as it is served."""

    subject_types_supported: list[str]
    claims_supported: list[str]
    request_uri_parameter_supported: bool
