"""The stack's seed: a secret with the users and clients that exist."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Final

from account_rules import OWN_CLIENTS
from routes import ADMIN, OFFLINE_ACCESS, RESERVED_SCOPES, SCOPES
from services.identity import claims
from utils import secrets, strict_json
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.ttl_cache import TTLCache

_REREAD_AFTER: Final = timedelta(minutes=1)
_LOOPBACK: Final = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(:(?P<port>\d{1,5}))?(?P<rest>([/?].*)?)", re.ASCII
)
_PORTS: Final = range(1, 65536)


@dataclass(frozen=True, slots=True)
class SeedUser:
    """A user in the seed.

    ``password_hash`` is argon2id in PHC form; ``fingerprint`` changes when anything of the entry does. ``epoch`` is
    another whenever all that was issued for the user so far is to end (``services.identity.account_changes``).
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
    extra_claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Further claims, of no standard, that the user's tokens and userinfo carry."""
    documented_password: str | None = field(default=None, repr=False)
    """The password where the seed tells everybody, for the login page."""
    epoch: str = ""

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

    ``secret_hash`` is argon2id in PHC form, ``None`` for a public client (section 2.1). ``consent`` says whether users
    are asked for their consent, ``require_pkce`` whether a client with a secret has to send a ``code_challenge`` as a
    public one has, ``any_localhost_port`` whether a redirect URI of ``localhost`` may have any port, as those of
    ``127.0.0.1`` and ``[::1]`` always may. ``id_token_signed_response_alg`` is what its ID tokens are signed by,
    ``None`` for what access tokens are; ``resources`` are the URIs, besides the API's, that its access tokens may be
    for (RFC 8707). ``audience`` is who they are for when a request names no resource, empty for the API;
    ``extra_claims`` are in its tokens and userinfo besides; lifetimes are in seconds, ``None`` for the
    deployment's. ``epoch`` is as a user's.
    """

    client_id: str
    name: str
    secret_hash: str | None = field(repr=False)
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    consent: bool
    require_pkce: bool = False
    any_localhost_port: bool = False
    id_token_signed_response_alg: str | None = None
    resources: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    access_token_seconds: int | None = None
    refresh_token_seconds: int | None = None
    extra_claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    epoch: str = ""

    @classmethod
    def from_seed(cls, entry: Mapping[str, Any]) -> "Client":
        """The client in an entry of the seed."""
        return cls(**_members(cls, entry))

    @property
    def needs_pkce(self) -> bool:
        """Whether its requests for a code need a ``code_challenge`` (RFC 9700 section 2.1.1)."""
        return self.secret_hash is None or self.require_pkce

    def allowed(self, scopes: Collection[str]) -> tuple[str, ...]:
        """The scopes of ``scopes`` that the client may be granted, in the same order.

        And ``offline_access`` where it may have refresh tokens (OpenID Connect Core section 11).
        """
        held = [scope for scope in scopes if scope in self.scopes and scope != OFFLINE_ACCESS]
        return (*held, OFFLINE_ACCESS) if "refresh_token" in self.grant_types else tuple(held)

    def may_redirect_to(self, uri: str) -> bool:
        """Whether a user's browser may be sent to ``uri`` with a code."""
        return self._has_registered(uri, self.redirect_uris)

    def may_log_out_to(self, uri: str) -> bool:
        """Whether a user's browser may be sent to ``uri`` after a logout."""
        return self._has_registered(uri, self.post_logout_redirect_uris)

    def _has_registered(self, uri: str, registered: Collection[str]) -> bool:
        """Whether ``uri`` is a ``registered`` one to the letter, but for the port of one on the loopback interface
        (RFC 8252 section 7.3)."""
        if uri in registered:
            return True
        loopback = _LOOPBACK.fullmatch(uri)
        if loopback is None or (loopback["host"] == "localhost" and not self.any_localhost_port):
            return False
        return int(loopback["port"] or 80) in _PORTS and any(
            other["host"] == loopback["host"] and other["rest"] == loopback["rest"]
            for other in map(_LOOPBACK.fullmatch, registered)
            if other
        )


def extra_claims(client: Client, user: SeedUser | None) -> dict[str, Any]:
    """The further claims of what is issued to ``client`` for ``user``, ``None`` for its own: a user's go before."""
    return {**client.extra_claims, **(user.extra_claims if user else {})}


def _given(claim: Any) -> Any:
    """The claim, without the members of an address that the seed does not give."""
    if isinstance(claim, dict):
        return {name: value for name, value in claim.items() if value is not None}
    return claim


_NEWER: Final = frozenset(
    {
        *("id_token_signed_response_alg", "resources", "require_pkce", "any_localhost_port"),
        *("audience", "access_token_seconds", "refresh_token_seconds", "extra_claims", "epoch"),
        "documented_password",
    }
)


def claims_of(user: Mapping[str, Any]) -> dict[str, Any]:
    """All claims about a user, of an entry of the seed or an item of the table, but the subject."""
    known = {
        "name": user.get("name"),
        "preferred_username": user.get("username"),
        "email": user.get("email"),
        "email_verified": user.get("email_verified"),
        **user.get("claims", {}),
    }
    return {name: value for name, value in known.items() if value is not None}


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


_FIRST_PARTY, DOCS_CLIENT, CONSOLE_CLIENT = OWN_CLIENTS

FIRST_PARTY_CLIENT: Final = Client(
    client_id=_FIRST_PARTY,
    name="PSN Partner Emulator",
    secret_hash=None,
    redirect_uris=(),
    post_logout_redirect_uris=(),
    grant_types=("password", "refresh_token"),
    scopes=tuple(SCOPES),
    consent=False,
)
"""The client of the simple form of ``POST /auth/token``, whose requests name none; every stack has it."""


def docs_client(sandbox: Sandbox) -> Client:
    """The public client with which ``/docs`` of a sandbox logs its users in; stacks without a description lack it."""
    scopes = tuple(scope for scope in SCOPES if scope not in RESERVED_SCOPES)
    return _page_client(DOCS_CLIENT, "API description", sandbox.url("/docs/oauth2-redirect.html"), scopes)


def console_client(sandbox: Sandbox) -> Client:
    """The public client of a sandbox's console; stacks without the routes that it calls lack it."""
    return _page_client(CONSOLE_CLIENT, "Console", sandbox.url("/_emulator"), (ADMIN,))


def _page_client(client_id: str, name: str, redirect_uri: str, scopes: tuple[str, ...]) -> Client:
    return Client(
        client_id=client_id,
        name=name,
        secret_hash=None,
        redirect_uris=(redirect_uri,),
        post_logout_redirect_uris=(),
        grant_types=("authorization_code", "refresh_token"),
        scopes=scopes,
        consent=False,
    )


@dataclass(frozen=True, slots=True)
class Seed:
    """The users by casefolded username and by subject, and the clients by id, without the emulator's own."""

    users: Mapping[str, SeedUser]
    subjects: Mapping[str, SeedUser]
    clients: Mapping[str, Client]


def _read() -> Seed:
    content = secrets.read_json(settings().seed_secret)
    users = [SeedUser.from_seed(entry) for entry in content["users"]]
    clients = map(Client.from_seed, content["clients"])
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
