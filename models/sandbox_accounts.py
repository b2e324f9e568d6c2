"""The users and clients of a sandbox's document: entries of the stack's seed file, but that a password or a secret may
be given instead of its hash, and that what has a usual value may be left out."""

import re
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

OWN_CLIENTS: Final = ("psn-emulator", "psn-emulator-docs")
"""The clients of the emulator, which are in every sandbox."""

_HASH: Final = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{6,86})"
)
"""With a salt of 8 and a tag of 4 bytes at least (RFC 9106 section 3.1), in base64 without padding."""
_KIBIBYTES: Final = range(19_456, 128 * 1024 + 1)
_PASSES: Final = range(2, 11)
_LANES: Final = range(1, 17)
_AUTHORITY: Final = r"(//(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?)"
_REST: Final = r"([/?][!-\"$-\[\]-~]*)?"
_REDIRECT_URI: Final = re.compile(
    rf"https:{_AUTHORITY}{_REST}|http://(localhost|127\.0\.0\.1|\[::1\])(:\d{{1,5}})?{_REST}"
    rf"|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:{_AUTHORITY}?{_REST}"
)
"""https, http on the loopback interface, and private schemes, which have a dot (RFC 8252 section 7.1)."""
NETWORK_URI: Final = re.compile(rf"http://([A-Za-z0-9_-]+|host\.docker\.internal)(:\d{{1,5}})?{_REST}")
"""http to a container or machine of one's own network, which is for local and dev alone."""


def _strong(password_hash: str) -> str:
    """The hash, if it is argon2id of at least OWASP's parameters and of at most what a function has."""
    found = _HASH.fullmatch(password_hash)
    if (
        found is None
        or int(found[1]) not in _KIBIBYTES
        or int(found[2]) not in _PASSES
        or int(found[3]) not in _LANES
        or any(len(part) % 4 == 1 for part in (found[4], found[5]))
    ):
        raise PydanticCustomError(
            "password_hash",
            "Input should be an argon2id hash in PHC form of m=19456 to 131072, t=2 to 10, p=1 to 16",
        )
    return password_hash


def _redirectable(uri: str) -> str:
    if not (_REDIRECT_URI.fullmatch(uri) or NETWORK_URI.fullmatch(uri)):
        raise PydanticCustomError(
            "redirect_uri",
            "Input should be an https URI without a fragment, an http one on the loopback interface, or one of a"
            " private scheme",
        )
    return uri


def _scopes(value: Any) -> Any:
    """The scopes, with ``all`` in the place of the names that it stands for."""
    from routes import RESERVED_SCOPES, SCOPES

    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or "all" not in given:
        return value
    return [
        *(name for name in SCOPES if name not in RESERVED_SCOPES),
        *(name for name in given if name != "all"),
    ]


type _Text = Annotated[str, Field(max_length=1024)]
type Scopes = Annotated[
    tuple[Annotated[str, Field(max_length=128)], ...],
    BeforeValidator(_scopes, json_schema_input_type=tuple[str, ...] | Literal["all"]),
    Field(max_length=100, strict=False),
]
type Secret = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
type Hash = Annotated[str, AfterValidator(_strong)]
type RedirectURIs = Annotated[
    tuple[Annotated[str, Field(max_length=2048), AfterValidator(_redirectable)], ...],
    Field(max_length=100, strict=False),
]
type Grant = Literal["authorization_code", "refresh_token", "client_credentials", "password"]
type Resource = Annotated[str, Field(max_length=2048, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!-\"$-~]+$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AddressEntry(_Entry):
    """A postal address (OpenID Connect Core section 5.1.1)."""

    formatted: _Text | None = None
    street_address: _Text | None = None
    locality: _Text | None = None
    region: _Text | None = None
    postal_code: _Text | None = None
    country: _Text | None = None


class UserEntry(_Entry):
    """A user who may log in, with either ``password`` or ``password_hash``.

    Without a ``subject`` the user gets one that follows from the username. What follows ``scopes`` are claims of OpenID
    Connect Core section 5.1.
    """

    username: Annotated[str, Field(min_length=1, max_length=128)]
    subject: Annotated[UUID, Field(strict=False)] | None = None
    password: Secret | None = None
    password_hash: Hash | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
    email_verified: bool = False
    name: _Text | None = None
    scopes: Scopes = Field("all", validate_default=True)
    given_name: _Text | None = None
    family_name: _Text | None = None
    middle_name: _Text | None = None
    nickname: _Text | None = None
    profile: _Text | None = None
    picture: _Text | None = None
    website: _Text | None = None
    gender: _Text | None = None
    birthdate: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}-\d{2})?$")] | None = None
    zoneinfo: _Text | None = None
    locale: _Text | None = None
    updated_at: Annotated[int, Field(ge=0)] | None = None
    phone_number: _Text | None = None
    phone_number_verified: bool | None = None
    address: AddressEntry | None = None

    @model_validator(mode="after")
    def _with_one_password(self) -> Self:
        if (self.password is None) == (self.password_hash is None):
            raise PydanticCustomError("password", "Input should have either password or password_hash")
        return self


class ClientEntry(_Entry):
    """A client that may ask for tokens, with ``secret`` or ``secret_hash`` unless it is public.

    Its fields are those of the seed file.
    """

    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,64}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    secret: Secret | None = None
    secret_hash: Hash | None = None
    redirect_uris: RedirectURIs = ()
    post_logout_redirect_uris: RedirectURIs = ()
    grant_types: Annotated[tuple[Grant, ...], Field(min_length=1, max_length=4, strict=False)]
    scopes: Annotated[Scopes, Field(min_length=1)]
    consent: bool = True
    require_pkce: bool = False
    any_localhost_port: bool = False
    id_token_signed_response_alg: Literal["ES256", "RS256"] | None = None
    resources: Annotated[tuple[Resource, ...], Field(max_length=100, strict=False)] = ()

    @model_validator(mode="after")
    def _possible_together(self) -> Self:
        is_public = self.secret is None and self.secret_hash is None
        for impossible, fault in (
            (self.client_id in OWN_CLIENTS, "Input should not be a client of the emulator's own"),
            (
                self.secret is not None and self.secret_hash is not None,
                "Input should have secret or secret_hash",
            ),
            (
                bool(self.redirect_uris) != ("authorization_code" in self.grant_types),
                "redirect_uris and the grant authorization_code go together",
            ),
            (set(self.grant_types) == {"refresh_token"}, "The grant refresh_token needs another before it"),
            (
                is_public and "client_credentials" in self.grant_types,
                "The grant client_credentials needs a secret",
            ),
            (is_public and "tokens:introspect" in self.scopes, "The scope tokens:introspect needs a secret"),
        ):
            if impossible:
                raise PydanticCustomError("client", "{fault}", {"fault": fault})
        return self
