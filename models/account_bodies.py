"""The bodies that register a user or a client in a sandbox, by the rules of a seed's entries (``account_rules``), and
the query of the lists of both."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    SecretStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

import account_rules
from models.examples import Examples
from models.players_query import DEFAULT_LIMIT, Limit
from routes import SCOPES

LONGEST_USERNAME = 128
"""Characters, as a login's are (``models.auth_body``)."""


def strong(password_hash: str) -> str:
    """``password_hash``; an error of pydantic's if it is none that may be stored."""
    if fault := account_rules.fault_of_hash(password_hash):
        raise PydanticCustomError("hash", "Input {fault}", {"fault": fault})
    return password_hash


def _safe(redirect_uri: str) -> str:
    if not (account_rules.is_safe(redirect_uri) or account_rules.is_in_network(redirect_uri)):
        raise PydanticCustomError("redirect_uri", "Input should be {form}", {"form": account_rules.SAFE})
    return redirect_uri


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise PydanticCustomError("uuid", "Input should be a UUID") from None


def _known(scope: str) -> str:
    if fault := account_rules.fault_of_scopes([scope]):
        raise PydanticCustomError("scope", "Input should {fault}", {"fault": fault})
    return scope


def _listed(scopes: Any) -> Any:
    return [scopes] if scopes == "all" else scopes


type PlainSecret = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
type PasswordHash = Annotated[str, AfterValidator(strong)]
type RedirectURI = Annotated[str, Field(max_length=2048), AfterValidator(_safe)]
type Resource = Annotated[str, Field(pattern=account_rules.RESOURCE)]


def _own(extra_claims: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if fault := account_rules.fault_of_claims(extra_claims, UserBody.model_fields):
        raise PydanticCustomError("extra_claims", "Input should {fault}", {"fault": fault})
    return extra_claims


def _several(audience: Any) -> Any:
    return [audience] if isinstance(audience, str) else audience


type OwnClaims = Annotated[dict[str, JsonValue], AfterValidator(_own)]
type AudienceName = Annotated[str, Field(min_length=1, max_length=255)]
type ScopeName = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": [*SCOPES, "all"]})
]
type ScopeNames = Annotated[list[ScopeName], Field(max_length=50), BeforeValidator(_listed)]
"""``all`` stands for all scopes but the reserved ones, as in a seed."""
type Grant = Literal["authorization_code", "refresh_token", "client_credentials", "password"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AddressBody(_Body):
    """A postal address (OpenID Connect Core section 5.1.1)."""

    formatted: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


class UserBody(_Body):
    """A user who may log in, as an entry of a seed; ``password`` instead of its hash will do.

    Without a ``subject`` it stays what it was; a new one follows from the username. Without a ``name`` it is the
    username. What follows ``scopes`` are claims of OpenID Connect Core section 5.1.
    """

    subject: Annotated[str, AfterValidator(_uuid)] | None = None
    password: PlainSecret | None = None
    password_hash: PasswordHash | None = None
    email: str = Field(pattern=account_rules.EMAIL)
    email_verified: bool = False
    name: str = ""
    scopes: ScopeNames = Field("all", validate_default=True)
    given_name: str | None = None
    family_name: str | None = None
    middle_name: str | None = None
    nickname: str | None = None
    profile: str | None = None
    picture: str | None = None
    website: str | None = None
    gender: str | None = None
    birthdate: str | None = Field(None, pattern=account_rules.BIRTHDATE)
    zoneinfo: str | None = None
    locale: str | None = None
    updated_at: int | None = Field(None, ge=0, le=10**15)
    phone_number: str | None = None
    phone_number_verified: bool | None = None
    address: AddressBody | None = None
    extra_claims: OwnClaims = {}

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password is None) == (self.password_hash is None):
            raise PydanticCustomError("password", "Either password or password_hash is needed, and not both")
        return self


class ClientBody(_Body):
    """A client that may ask for tokens, as an entry of a seed; ``secret`` instead of its hash will do, and neither
    makes a public one."""

    name: str = Field(min_length=1, max_length=100)
    secret: PlainSecret | None = None
    secret_hash: PasswordHash | None = None
    redirect_uris: list[RedirectURI] = Field([], max_length=100)
    post_logout_redirect_uris: list[RedirectURI] = Field([], max_length=100)
    grant_types: list[Grant] = Field(min_length=1, max_length=10)
    scopes: ScopeNames = Field(min_length=1)
    consent: bool = True
    require_pkce: bool = False
    any_localhost_port: bool = False
    id_token_signed_response_alg: Literal["ES256", "RS256"] | None = None
    resources: list[Resource] = Field([], max_length=100)
    audience: Annotated[list[AudienceName], BeforeValidator(_several), Field(max_length=4)] = []
    access_token_seconds: int | None = Field(None, ge=60, le=86400)
    refresh_token_seconds: int | None = Field(None, ge=60, le=365 * 86400)
    extra_claims: OwnClaims = {}

    @model_validator(mode="after")
    def _possible_together(self) -> Self:
        fault = account_rules.fault_of_client(
            redirect_uris=self.redirect_uris,
            grant_types=self.grant_types,
            scopes=self.scopes,
            audiences=[self.audience, self.resources],
            is_public=self.secret is None and self.secret_hash is None,
        )
        if self.secret is not None and self.secret_hash is not None:
            fault = "secret and secret_hash exclude each other"
        if fault:
            raise PydanticCustomError("together", "Impossible together: {fault}", {"fault": fault})
        return self


class AccountsQuery(_Body):
    """The parameters of the lists of users and of clients."""

    limit: Limit = Field(
        DEFAULT_LIMIT, description=f"How many a page has at the most; {DEFAULT_LIMIT} when left out."
    )
    cursor: str | None = Field(
        None, max_length=LONGEST_USERNAME * 3, description="Where the page before ended: its `next_cursor`."
    )


def examples() -> Examples:
    """See ``models.examples``."""
    least = {"password": "kratos-password", "email": "kratos@example.com"}
    user = least | {
        "email_verified": True,
        "name": "Kratos",
        "scopes": ["openid", "profile", "email", "players:read", "players:write"],
    }
    client = {
        "name": "Companion app",
        "redirect_uris": ["http://localhost:3000/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "players:read"],
    }
    return {
        UserBody: {
            "The least there is": least,
            "What logins tell": user,
            "With more claims": user
            | {"given_name": "Kratos", "locale": "el-GR", "address": {"country": "GR"}},
        },
        ClientBody: {
            "A public client": client,
            "A service": {
                "name": "Scores",
                "secret": "scores-secret",
                "grant_types": ["client_credentials"],
                "scopes": ["players:read", "tokens:introspect"],
            },
        },
    }
