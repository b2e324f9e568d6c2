"""What a client registers about itself, and is answered (RFC 7591, RFC 7592, OpenID Connect Dynamic Client
Registration 1.0). Members that nothing here knows are ignored (RFC 7591 section 2)."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from models.account_bodies import Grant, RedirectURI
from models.examples import Examples

AuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]


class ClientMetadata(BaseModel):
    """The metadata of a client that registers itself (RFC 7591 section 2).

    Without ``scope`` it may ask for all scopes but the reserved ones; without ``client_name`` its id is its name.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)

    redirect_uris: list[RedirectURI] = Field([], max_length=100)
    post_logout_redirect_uris: list[RedirectURI] = Field([], max_length=100)
    token_endpoint_auth_method: AuthMethod = "client_secret_basic"  # noqa: S105 - a method's name
    grant_types: list[Grant] = Field(["authorization_code"], min_length=1, max_length=10)
    response_types: list[Literal["code"]] | None = Field(None, max_length=10)
    client_name: str | None = Field(None, min_length=1, max_length=100)
    scope: Annotated[str, Field(max_length=1024)] | None = None
    id_token_signed_response_alg: Literal["ES256", "RS256"] | None = None


class ClientUpdate(ClientMetadata):
    """The metadata that replaces a client's (RFC 7592 section 2.2), what it leaves out too."""

    client_id: str
    client_secret: str | None = None


class RegisteredClient(TypedDict):
    """A registered client (RFC 7591 section 3.2.1). Times are in seconds since 1970; 0 is never.

    ``client_secret`` is told when it is made, and never again: only its hash is kept.
    """

    client_id: str
    client_id_issued_at: int
    client_secret: NotRequired[str]
    client_secret_expires_at: NotRequired[int]
    registration_access_token: str
    registration_client_uri: str
    redirect_uris: list[str]
    post_logout_redirect_uris: NotRequired[list[str]]
    token_endpoint_auth_method: AuthMethod
    grant_types: list[str]
    response_types: list[str]
    client_name: NotRequired[str]
    scope: str
    id_token_signed_response_alg: NotRequired[str]


def examples() -> Examples:
    """See ``models.examples``."""
    metadata = {
        "client_name": "Companion app",
        "redirect_uris": ["http://localhost:3000/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    client_id, uri = "companion", "https://api.example/auth/register/companion"
    registered: RegisteredClient = {
        "client_id": client_id,
        "client_id_issued_at": 1767225600,
        "registration_access_token": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "registration_client_uri": uri,
        "redirect_uris": ["http://localhost:3000/callback"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_name": "Companion app",
        "scope": "openid profile players:read",
    }
    return {
        ClientMetadata: {"An app": metadata},
        ClientUpdate: {"The same app": {"client_id": client_id, **metadata}},
        RegisteredClient: {"An app": registered},
    }
