"""The bodies that register a user or a client in a sandbox, by the rules of a seed's entries, and the query of the
lists of both.

The rules are those of ``infrastructure.stack.seeds``; a test holds the two to each other.
"""

import json
import re
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
    model_validator,
)
from pydantic_core import PydanticCustomError

from models.examples import Examples
from models.players_query import DEFAULT_LIMIT, Limit
from routes import RESERVED_CLAIMS

LONGEST_USERNAME = 128
"""Characters, as a login's are (``models.auth_body``)."""

_HASH = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{6,86})"
)
_KIBIBYTES = range(19456, 128 * 1024 + 1)
_PASSES = range(2, 11)
_LANES = range(1, 17)
_AUTHORITY = r"(//(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?)"
_REST = r'([/?][!-"$-\[\]-~]*)?'
_REDIRECT_URI = re.compile(
    rf"https:{_AUTHORITY}{_REST}|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{{1,5}})?{_REST}"
    rf"|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:{_AUTHORITY}?{_REST}"
)
"""https, http on the loopback interface, and private schemes, which have a dot (RFC 8252 section 7.1)."""
_NETWORK_URI = re.compile(rf"http://([A-Za-z0-9_-]+|host\.docker\.internal)(:\d{{1,5}})?{_REST}")
"""http to a container or machine of one's own network."""


def is_safe(redirect_uri: str) -> bool:
    """Whether a redirect URI is one of https, of http on the loopback interface, or of a private scheme (RFC 9700
    section 2.1, RFC 8252 section 7)."""
    return _REDIRECT_URI.fullmatch(redirect_uri) is not None


def is_in_network(redirect_uri: str) -> bool:
    """Whether a redirect URI is an http one of a host without a dot, which only local and dev let in."""
    return _NETWORK_URI.fullmatch(redirect_uri) is not None


def _strong(password_hash: str) -> str:
    """Refuses what is no argon2id hash of at least OWASP's parameters, or asks for more than a function has."""
    match = _HASH.fullmatch(password_hash)
    if (
        match is None
        or any(
            int(match[place]) not in known for place, known in ((1, _KIBIBYTES), (2, _PASSES), (3, _LANES))
        )
        or any(len(match[place]) % 4 == 1 for place in (4, 5))
    ):
        raise PydanticCustomError(
            "hash", "Input should be an argon2id hash in PHC form, m=19456 to 131072, t=2 to 10, p=1 to 16"
        )
    return password_hash


def _safe(redirect_uri: str) -> str:
    if not (is_safe(redirect_uri) or is_in_network(redirect_uri)):
        raise PydanticCustomError(
            "redirect_uri",
            "Input should be an https URI without a fragment, an http one on the loopback interface, or one of a"
            " private scheme such as com.example.game:/callback",
        )
    return redirect_uri


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise PydanticCustomError("uuid", "Input should be a UUID") from None


def _listed(scopes: Any) -> Any:
    return [scopes] if scopes == "all" else scopes


type PlainSecret = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
type PasswordHash = Annotated[str, AfterValidator(_strong)]
type RedirectURI = Annotated[str, Field(max_length=2048), AfterValidator(_safe)]
type Resource = Annotated[str, Field(pattern=r'^[A-Za-z][A-Za-z0-9+.-]*:[!-"$-~]+$')]
_MOST_EXTRA = 1024
_ENTRYS_OWN = frozenset({"scopes", "password_hash", "client_id", "preferred_username"})


def _own(extra_claims: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuses claims that the identity provider says itself or another member gives, and more than tokens have room
    for."""
    fields = UserBody.model_fields.keys() - {"subject", "extra_claims"}
    text = json.dumps(extra_claims, separators=(",", ":"))
    if (RESERVED_CLAIMS | _ENTRYS_OWN | fields) & extra_claims.keys() or len(text) > _MOST_EXTRA:
        raise PydanticCustomError(
            "extra_claims",
            "Input should be claims that nothing else gives, of at most 1024 characters of JSON",
        )
    return extra_claims


def _several(audience: Any) -> Any:
    return [audience] if isinstance(audience, str) else audience


type OwnClaims = Annotated[dict[str, JsonValue], AfterValidator(_own)]
type AudienceName = Annotated[str, Field(min_length=1, max_length=255)]
type ScopeName = Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,64}$")]
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

    Without a ``subject`` it stays what it was; a new one follows from the username. What follows ``scopes`` are claims
    of OpenID Connect Core section 5.1.
    """

    subject: Annotated[str, AfterValidator(_uuid)] | None = None
    password: PlainSecret | None = None
    password_hash: PasswordHash | None = None
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    email_verified: bool
    name: str
    scopes: ScopeNames
    given_name: str | None = None
    family_name: str | None = None
    middle_name: str | None = None
    nickname: str | None = None
    profile: str | None = None
    picture: str | None = None
    website: str | None = None
    gender: str | None = None
    birthdate: str | None = Field(None, pattern=r"^\d{4}(-\d{2}-\d{2})?$")
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
        is_public = self.secret is None and self.secret_hash is None
        for impossible, fault in (
            (
                self.secret is not None and self.secret_hash is not None,
                "secret and secret_hash exclude each other",
            ),
            (
                bool(self.redirect_uris) != ("authorization_code" in self.grant_types),
                "redirect_uris and the grant authorization_code go together",
            ),
            (set(self.grant_types) == {"refresh_token"}, "the grant refresh_token needs another before it"),
            (
                is_public and "client_credentials" in self.grant_types,
                "the grant client_credentials needs a secret",
            ),
            (is_public and "tokens:introspect" in self.scopes, "the scope tokens:introspect needs a secret"),
        ):
            if impossible:
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
    user = {
        "password": "kratos-password",
        "email": "kratos@example.com",
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
            "The least there is": user,
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
