"""The users and clients of a seed file: their form, and how such a file is read."""

from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    model_validator,
)

import account_rules
from account_rules import OWN_CLIENTS
from seeding import strict_yaml

IN_NETWORK = "in_network"
"""The member of the validation's context that says whether these are let in too."""


def _require_strong(password_hash: str) -> str:
    if fault := account_rules.fault_of_hash(password_hash):
        raise ValueError(fault)
    return password_hash


def _require_safe(redirect_uri: str, info: ValidationInfo) -> str:
    lets_in_network = bool((info.context or {}).get(IN_NETWORK))
    if not (
        account_rules.is_safe(redirect_uri) or (lets_in_network and account_rules.is_in_network(redirect_uri))
    ):
        raise ValueError(
            f"should be {account_rules.SAFE}; on local and dev also an http one of a host without a dot"
        )
    return redirect_uri


def _named(scopes: object) -> object:
    """The scopes, with ``all`` as the names that it stands for."""
    given = [scopes] if isinstance(scopes, str) else scopes
    if not isinstance(given, list) or "all" not in given:
        return scopes
    return account_rules.expanded([str(name) for name in given])


def _require_known(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if fault := account_rules.fault_of_scopes(scopes):
        raise ValueError(f"should {fault}")
    return scopes


def _require_own(extra_claims: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if fault := account_rules.fault_of_claims(extra_claims, User.model_fields):
        raise ValueError(f"should {fault}")
    return extra_claims


def _listed(audience: object) -> object:
    return (audience,) if isinstance(audience, str) else audience


type Scopes = Annotated[tuple[str, ...], BeforeValidator(_named), AfterValidator(_require_known)]
type Hash = Annotated[str, AfterValidator(_require_strong)]
type RedirectURI = Annotated[str, AfterValidator(_require_safe)]
type Resource = Annotated[str, Field(pattern=account_rules.RESOURCE)]
type ExtraClaims = Annotated[dict[str, JsonValue], AfterValidator(_require_own)]
"""Claims of no standard that tokens and userinfo hold besides."""
type Audience = Annotated[str, Field(min_length=1, max_length=255)]
type Grant = Literal["authorization_code", "refresh_token", "client_credentials", "password"]


class Address(BaseModel):
    """A postal address (OpenID Connect Core section 5.1.1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formatted: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None


def _free(username: str) -> str:
    if account_rules.is_reserved(username):
        raise ValueError("is a magic value, which stands for a fault; no user may be called so")
    return username


class User(BaseModel):
    """A user who may log in. ``password_hash`` is argon2id in PHC form, never a password.

    What follows ``scopes`` are claims of OpenID Connect Core section 5.1 that a user may have.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Annotated[str, Field(min_length=1), AfterValidator(_free)]
    subject: UUID
    password_hash: Hash
    email: str = Field(pattern=account_rules.EMAIL)
    email_verified: bool
    name: str
    scopes: Scopes
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
    address: Address | None = None
    extra_claims: ExtraClaims = {}


class Client(BaseModel):
    """A client that may ask for tokens; without a ``secret_hash`` a public one, such as an app in the browser.

    ``scopes`` are the most that it may be granted. With ``consent`` the user is asked before it gets anything, with
    ``require_pkce`` its requests for codes need a challenge though it has a secret, with ``any_localhost_port`` its
    redirect URIs of ``localhost`` may have any port, as those of ``127.0.0.1`` and ``[::1]`` may.
    ``id_token_signed_response_alg`` is by key only: a secret is known by its hash alone, so none can sign (HS256), and
    none need be 32 bytes long for that. ``resources`` are the URIs, besides the API's, that its access tokens may be
    for; ``audience`` is who they are for where a request names none, in place of the API. Its lifetimes, in seconds,
    are those of the stack where it has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(pattern=account_rules.CLIENT_ID)
    name: str = Field(min_length=1, max_length=100)
    secret_hash: Hash | None = None
    redirect_uris: tuple[RedirectURI, ...] = ()
    post_logout_redirect_uris: tuple[RedirectURI, ...] = ()
    grant_types: tuple[Grant, ...] = Field(min_length=1)
    scopes: Scopes = Field(min_length=1)
    consent: bool = True
    require_pkce: bool = False
    any_localhost_port: bool = False
    id_token_signed_response_alg: Literal["ES256", "RS256"] | None = None
    resources: tuple[Resource, ...] = ()
    audience: Annotated[tuple[Audience, ...], BeforeValidator(_listed), Field(max_length=4)] = ()
    access_token_seconds: int | None = Field(None, ge=60, le=86400)
    refresh_token_seconds: int | None = Field(None, ge=60, le=365 * 86400)
    extra_claims: ExtraClaims = {}

    @model_validator(mode="after")
    def _possible_together(self) -> Self:
        fault = account_rules.fault_of_client(
            redirect_uris=self.redirect_uris,
            grant_types=self.grant_types,
            scopes=self.scopes,
            audiences=[self.audience, self.resources],
            is_public=self.secret_hash is None,
        )
        if self.client_id in OWN_CLIENTS:
            fault = f"{self.client_id} is a client of the emulator's own"
        if fault:
            raise ValueError(fault)
        return self


class Seed(BaseModel):
    """The content of a seed file, and of the secret that is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: tuple[User, ...] = ()
    clients: tuple[Client, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        # A token of a client alone has its id for a subject, which must not be a user's (RFC 9068 section 5).
        subjects = [str(user.subject) for user in self.users]
        for fault, values in (
            ("two users have the same username", [user.username.casefold() for user in self.users]),
            ("two users have the same subject", subjects),
            ("two clients have the same client_id", [client.client_id for client in self.clients]),
            (
                "a client has a user's subject for its client_id",
                [*subjects, *{client.client_id for client in self.clients}],
            ),
        ):
            if len(set(values)) < len(values):
                raise ValueError(fault)
        return self


def parse(path: Path, *, in_network: bool) -> Seed:
    """The seed file ``path`` in its form, its credentials not judged; ``in_network`` lets in redirect URIs of http to
    one's own network.

    Raises ``OSError`` when the file cannot be read, and ``ValueError``, of one line, when it is not of the form.
    """
    try:
        return Seed.model_validate(strict_yaml.load(path) or {}, context={IN_NETWORK: in_network})
    except ValidationError as error:
        raise ValueError(_brief(error)) from error


def taken_audience(seed: Seed, audience: str) -> tuple[str, str | None] | None:
    """An audience of access tokens that is a client's id, and the id of the client whose tokens have it, none where it
    is the ``audience`` of all; ``None`` if there is none. ID tokens have a client's id for an audience, and would be
    taken for access tokens (RFC 9068 section 5)."""
    ids = {*OWN_CLIENTS, *(client.client_id for client in seed.clients)}
    for client in seed.clients:
        if taken := sorted(ids & {*client.audience}):
            return taken[0], client.client_id
    return (audience, None) if audience in ids else None


def _brief(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_input=False)
    )
