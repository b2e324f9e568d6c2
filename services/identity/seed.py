"""The stack's seed: its users and clients, in a secret that is the source of truth for both."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final

from routes import RESERVED_SCOPES, SCOPES
from utils import secrets, strict_json
from utils.settings import settings
from utils.ttl_cache import Remembered

_REREAD_AFTER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A user in the seed."""

    username: str
    subject: str
    password_hash: str = field(repr=False)
    email: str
    email_verified: bool
    name: str
    scopes: tuple[str, ...]
    fingerprint: str
    """Changes when anything of the entry does."""

    @classmethod
    def from_seed(cls, entry: Mapping[str, Any]) -> "Entry":
        """The user in an entry of the seed."""
        fingerprint = hashlib.sha256(strict_json.dump(entry).encode()).hexdigest()
        return cls(**_members(cls, {**entry, "fingerprint": fingerprint}))


@dataclass(frozen=True, slots=True)
class Client:
    """A client: who may ask for tokens on a user's behalf or its own.

    ``secret_hash`` is argon2id in PHC form, ``None`` for a public client (RFC 6749 section 2.1). The URIs are
    compared to the character. ``consent`` says whether the user is asked before the client gets anything.
    """

    client_id: str
    name: str
    secret_hash: str | None = field(repr=False)
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    consent: bool

    @classmethod
    def from_seed(cls, entry: Mapping[str, Any]) -> "Client":
        """The client in an entry of the seed."""
        return cls(**_members(cls, entry))

    def allowed(self, scopes: Collection[str]) -> tuple[str, ...]:
        """Those of ``scopes`` that the client may be granted, in their order."""
        return tuple(scope for scope in scopes if scope in self.scopes)


def _members(kind: type[Entry | Client], entry: Mapping[str, Any]) -> dict[str, Any]:
    """What ``kind`` has of ``entry``; a seed may say more than the release that was rolled back to knows of."""
    found = {one.name: entry[one.name] for one in fields(kind)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


SIMPLE_CLIENT: Final = Client(
    client_id="psn-emulator",
    name="PSN Partner Emulator",
    secret_hash=None,
    redirect_uris=(),
    post_logout_redirect_uris=(),
    grant_types=("password", "refresh_token"),
    scopes=tuple(SCOPES),
    consent=False,
)
"""The client of those who log in by the simple form, which names none; every stack has it."""


DOCS_REDIRECT: Final = "/docs/oauth2-redirect.html"


def docs_client() -> Client:
    """The client that the page of the API's description is: a public one, at home on the issuer's own URL."""
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
    """The users by casefolded username, and the clients by id."""

    users: Mapping[str, Entry]
    clients: Mapping[str, Client]


def _read() -> Seed:
    found = secrets.read_json(settings().seed_secret)
    users = map(Entry.from_seed, found["users"])
    own = (SIMPLE_CLIENT, docs_client()) if settings().is_described else (SIMPLE_CLIENT,)
    clients = [*own, *map(Client.from_seed, found["clients"])]
    return Seed(
        {user.username.casefold(): user for user in users}, {client.client_id: client for client in clients}
    )


seed: Final = Remembered(_read, _REREAD_AFTER)
"""The seed, read again once in a while."""
