"""Token families: all tokens that descend from one login, authorization code or client-credentials request.

Each token contains its family's id, and the family's item in the table lives as long as any of its tokens may. So
revoking the family revokes all of its tokens at once.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from services import clock, keys
from services.expiry import expiry
from services.identity.grant_basis import basis_of_grant
from services.identity.seed import Client, SeedUser
from services.identity.sessions import ACTIVE, InvalidTokenException, family_key, user_key
from services.identity.standing import standing_basis
from utils import table
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.settings import DEFAULT_SANDBOX, settings
from utils.table import ConditionFailedError, Snapshot
from utils.writes import EXISTS, Key, Update

_SECRET: Final = re.compile(
    r"(?:(?P<sandbox>[a-z0-9-]{1,64})~)?(?P<family>[A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}"
)


@dataclass(frozen=True, slots=True)
class Family:
    """A family. ``auth_time``, when the subject logged in, and ``expires_at`` are in seconds since 1970.

    ``scope`` is separated by spaces, as in tokens; ``basis`` is what it rests on (``services.identity.grant_basis``).
    ``audience`` is who its access tokens are for, empty for the API; ``claims`` are those that the authorization
    request named (``services.identity.claims``), ``acr`` is the class of the login that it asked for. ``opened_as`` is
    the issuer by the name that it was opened under, if that is not the one of this request.
    """

    sandbox: Sandbox
    id: str
    subject: str
    client_id: str
    scope: str
    auth_time: int
    expires_at: int
    basis: Item
    audience: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    acr: str | None = None
    opened_as: str | None = None

    @property
    def issuer(self) -> str:
        """The ``iss`` of its tokens, the same of all (OpenID Connect Core section 12.2)."""
        return self.opened_as or self.sandbox.issuer

    def to_item(self) -> Item:
        """The family as an item of the table."""
        pk, sk = family_key(self.sandbox, self.id)
        asked = {"audience": list(self.audience), "claims": dict(self.claims), "acr": self.acr}
        return {
            "pk": pk,
            "sk": sk,
            "subject": self.subject,
            "client_id": self.client_id,
            "scope": self.scope,
            "auth_time": self.auth_time,
            **expiry(self.auth_time, self.expires_at),
            "basis": self.basis,
            "issuer": self.issuer,
            **{name: value for name, value in asked.items() if value},
        }


@dataclass(frozen=True, slots=True)
class StoredRefreshToken:
    """A refresh token as it is stored: the item of its own, and the id and item of its family."""

    item: Item
    family_id: str
    family: Item


def new_family(
    sandbox: Sandbox,
    client: Client,
    user: SeedUser | None,
    scope: str,
    *,
    refreshable: bool,
    audience: Sequence[str] = (),
) -> Family:
    """A new family of a login at this moment, which expires when its last token may; nothing is stored.

    Without a ``user`` it is the client's own.
    """
    now = clock.seconds(sandbox)
    return Family(
        sandbox=sandbox,
        id=new_family_id(),
        subject=client.client_id if user is None else user.subject,
        client_id=client.client_id,
        scope=scope,
        auth_time=now,
        expires_at=now + lifetime(client, refreshable=refreshable),
        basis=basis_of_grant(user, client),
        audience=tuple(audience) or client.audience,
    )


def new_family_id() -> str:
    """A random id: 16 bytes in base64url."""
    return secrets.token_urlsafe(16)


def lifetime(client: Client, *, refreshable: bool) -> int:
    """Seconds until a family of ``client`` expires: a refresh token's lifetime if it has refresh tokens, else an access
    token's."""
    deployment = settings()
    if refreshable:
        return client.refresh_token_seconds or int(deployment.refresh_token_lifetime.total_seconds())
    return client.access_token_seconds or int(deployment.access_token_lifetime.total_seconds())


def new_secret(family: "Family", tail: str | None = None) -> str:
    """A new refresh token or authorization code: the family's id, a dot and 32 random bytes in base64url, by default
    new ones. Before it the name of a sandbox that is not the default one, and a tilde."""
    sandbox = "" if family.sandbox.name == DEFAULT_SANDBOX else f"{family.sandbox.name}~"
    return f"{sandbox}{family.id}.{tail or secrets.token_urlsafe(32)}"


def family_id_of(secret: str) -> str | None:
    """The id of the family in what :func:`new_secret` made; ``None`` for text of another form."""
    match = _SECRET.fullmatch(secret)
    return match["family"] if match else None


def sandbox_of(secret: str) -> str | None:
    """The name of the sandbox of what :func:`new_secret` made; ``None`` for text of another form."""
    match = _SECRET.fullmatch(secret)
    return (match["sandbox"] or DEFAULT_SANDBOX) if match else None


def digest(secret: str) -> str:
    """The SHA-256 of a secret in hexadecimal, which is what is stored: 32 random bytes need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def refresh_key(sandbox: Sandbox, refresh_token: str) -> Key:
    """The key of a refresh token's item."""
    return keys.alone(sandbox, "refresh", digest(refresh_token))


def find_refresh_token(sandbox: Sandbox, refresh_token: str) -> StoredRefreshToken | None:
    """What is stored of ``refresh_token``, any text, used or not; ``None`` if it is none of this sandbox."""
    family_id = family_id_of(refresh_token)
    if family_id is None:
        return None
    token_key, key = refresh_key(sandbox, refresh_token), family_key(sandbox, family_id)
    items = table.get_many([token_key, key])
    if key not in items or token_key not in items:
        return None
    return StoredRefreshToken(items[token_key], family_id, items[key])


def live_family(sandbox: Sandbox, client: Client, family_id: str, item: Item, now: int) -> Family | None:
    """The family of this id and ``item``.

    ``None`` if it is another client's, expired or revoked, its user is locked or gone, or what it rests on no longer
    holds, which revokes it. ``now`` is in seconds since 1970.
    """
    is_over = "revoked_at" in item or item["expires_at"] <= now
    if is_over or item["client_id"] != client.client_id:
        return None
    user = table.get(user_key(sandbox, item["subject"]))
    if user is None or user["status"] != ACTIVE:
        return None
    basis = standing_or_revoked(sandbox, family_id, item)
    if basis is None:
        return None
    return Family(
        sandbox=sandbox,
        id=family_id,
        subject=item["subject"],
        client_id=item["client_id"],
        scope=item["scope"],
        auth_time=item["auth_time"],
        expires_at=item["expires_at"],
        basis=item.get("basis") or basis,
        audience=tuple(item.get("audience", ())) or client.audience,
        claims=item.get("claims", {}),
        acr=item.get("acr"),
        opened_as=_opened_as(sandbox, item),
    )


def _opened_as(sandbox: Sandbox, item: Item) -> str | None:
    """The issuer that the family of ``item`` was opened under; ``None`` if the deployment has no such name any more, or
    an older release stored none."""
    issuer = item.get("issuer")
    return issuer if issuer and settings().is_own_issuer(issuer, sandbox.name) else None


def standing_or_revoked(sandbox: Sandbox, family_id: str, item: Item) -> Item | None:
    """What the family of this id and ``item`` would rest on now; revokes it, and is ``None``, if it has ended.

    Revoked because what opens the API's routes knows no seed.
    """
    basis = standing_basis(sandbox, item)
    if basis is None:
        revoke(sandbox, family_id)
    return basis


def require_standing(sandbox: Sandbox, family_id: str, items: Snapshot) -> None:
    """Raise :class:`InvalidTokenException` if the family, which is among ``items``, has ended; it is revoked then."""
    if standing_or_revoked(sandbox, family_id, items[family_key(sandbox, family_id)]) is None:
        raise InvalidTokenException("What the access token was granted on was taken away.")


def revoke(sandbox: Sandbox, family_id: str) -> None:
    """Revoke every token of a family from now on. Does nothing if the family does not exist or is revoked already."""
    revocation = {"revoked_at": clock.seconds(sandbox)}
    with suppress(ConditionFailedError):
        table.write(Update(family_key(sandbox, family_id), assign_once=revocation, condition=EXISTS))
