"""The stack's seed: a secret with the users and clients that exist."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final

from routes import RESERVED_SCOPES, SCOPES
from services.identity import claims
from utils import secrets, strict_json
from utils.settings import settings
from utils.ttl_cache import TTLCache

_REREAD_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A user in the seed.

    ``password_hash`` is argon2id in PHC form; ``fingerprint`` changes when anything of the entry does.
    """

    username: str
    subject: str
    password_hash: str = field(repr=False)
    email: str
    email_verified: bool
    name: str
    scopes: tuple[str, ...]
    fingerprint: str
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The claims of ``claims.OPTIONAL`` that the entry has."""

    @property
    def claims(self) -> dict[str, Any]:
        """All claims about the user but the subject."""
        return claims_of(
            {
                "name": self.name,
                "username": self.username,
                "email": self.email,
                "email_verified": self.email_verified,
                "claims": self.more,
            }
        )

    @classmethod
    def from_seed(cls, entry: Mapping[str, Any]) -> "SeedUser":
        """The user in an entry of the seed."""
        fingerprint = hashlib.sha256(strict_json.dump(entry).encode()).hexdigest()
        more = {name: _given(entry[name]) for name in claims.OPTIONAL if entry.get(name) is not None}
        return cls(**_members(cls, {**entry, "fingerprint": fingerprint, "more": more}))


@dataclass(frozen=True, slots=True)
class Client:
    """A client, which may ask for tokens on behalf of a user or of itself (RFC 6749 section 2).

    ``secret_hash`` is argon2id in PHC form, ``None`` for a public client (section 2.1). URIs are compared character by
    character. ``consent`` says whether users are asked for their consent. ``id_token_signed_response_alg`` is
    what its ID tokens are signed by, ``None`` for what access tokens are; ``resources`` are the URIs, besides the
    API's,
    that its access tokens may be for (RFC 8707).
    """

    client_id: str
    name: str
    secret_hash: str | None = field(repr=False)
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    consent: bool
    id_token_signed_response_alg: str | None = None
    resources: tuple[str, ...] = ()

    @classmethod
    def from_seed(cls, entry: Mapping[str, Any]) -> "Client":
        """The client in an entry of the seed."""
        return cls(**_members(cls, entry))

    def allowed(self, scopes: Collection[str]) -> tuple[str, ...]:
        """The scopes of ``scopes`` that the client may be granted, in the same order."""
        return tuple(scope for scope in scopes if scope in self.scopes)


def _given(claim: Any) -> Any:
    """The claim, without the members of an address that the seed does not give."""
    if isinstance(claim, dict):
        return {name: value for name, value in claim.items() if value is not None}
    return claim


_NEWER: Final = frozenset({"id_token_signed_response_alg", "resources"})


def claims_of(user: Mapping[str, Any]) -> dict[str, Any]:
    """All claims about a user, of an entry of the seed or an item of the table, but the subject."""
    return {
        "name": user["name"],
        "preferred_username": user["username"],
        "email": user["email"],
        "email_verified": user["email_verified"],
        **user.get("claims", {}),
    }


def _members(kind: type[SeedUser | Client], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The members of ``entry`` that are fields of ``kind``; a release that was rolled back to may lack some.

    A seed that an older release wrote lacks those of ``_NEWER``, which have defaults.
    """
    members = {
        field.name: entry[field.name]
        for field in fields(kind)
        if field.name in entry or field.name not in _NEWER
    }
    return {name: tuple(value) if isinstance(value, list) else value for name, value in members.items()}


FIRST_PARTY_CLIENT: Final = Client(
    client_id="psn-emulator",
    name="PSN Partner Emulator",
    secret_hash=None,
    redirect_uris=(),
    post_logout_redirect_uris=(),
    grant_types=("password", "refresh_token"),
    scopes=tuple(SCOPES),
    consent=False,
)
"""The client of the simple form of ``POST /auth/token``, whose requests name none; every stack has it."""

DOCS_REDIRECT: Final = "/docs/oauth2-redirect.html"


def docs_client() -> Client:
    """The public client with which ``/docs`` logs its users in."""
    return Client(
        client_id="psn-emulator-docs",
        name="API description",
        secret_hash=None,
        redirect_uris=(settings().url(DOCS_REDIRECT),),
        post_logout_redirect_uris=(),
        grant_types=("authorization_code", "refresh_token"),
        scopes=tuple(scope for scope in SCOPES if scope not in RESERVED_SCOPES),
        consent=False,
    )


@dataclass(frozen=True, slots=True)
class Seed:
    """The users by casefolded username and by subject, and the clients by id."""

    users: Mapping[str, SeedUser]
    subjects: Mapping[str, SeedUser]
    clients: Mapping[str, Client]


def _read() -> Seed:
    content = secrets.read_json(settings().seed_secret)
    users = [SeedUser.from_seed(entry) for entry in content["users"]]
    own = (FIRST_PARTY_CLIENT, docs_client()) if settings().is_described else (FIRST_PARTY_CLIENT,)
    clients = [*own, *map(Client.from_seed, content["clients"])]
    return Seed(
        {user.username.casefold(): user for user in users},
        {user.subject: user for user in users},
        {client.client_id: client for client in clients},
    )


seed: Final = TTLCache(_read, _REREAD_AFTER)
"""The seed, at most a minute old."""


def newest_seed() -> Seed:
    """The seed as it is at this moment."""
    seed.cache_clear()
    return seed()
