"""Whether an access token is alive, asked by the functions; that it is authentic the authorizer has found out.

A token is alive in the generation of its sandbox that it was issued in, between ``nbf`` and ``exp`` by the sandbox's
clock, while its token family exists and is not revoked,
while its user is not locked, and until the user logs in with another password, or fewer scopes, than when the family
was opened, or user or client are changed so, or deleted, in the sandbox.
Its ``jti`` is ``<family>.<random>``, so revoking a family revokes every token of it.
A token of another issuer, where one is trusted, has no family here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services import clock, keys
from services.identity.account_keys import client_account_key
from services.identity.grant_basis import holds
from services.sandboxes.opening import current
from utils import table
from utils.attributes import Item
from utils.errors import PSNEmulatorException
from utils.sandbox import Sandbox, sandbox_key
from utils.settings import settings
from utils.table import Snapshot
from utils.writes import Key

if TYPE_CHECKING:
    from services.identity.access_token_verifier import AccessToken

ACTIVE = "active"
"""The ``status`` of a user who is not locked."""


class InvalidTokenException(PSNEmulatorException):
    """The access token is authentic but not alive: expired, not yet valid, revoked, or its user is locked."""

    status = 401
    code = "invalid_token"
    title = "Invalid token"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


@dataclass(frozen=True, slots=True)
class Session:
    """The claims of an access token that decide whether it is alive.

    ``issuer`` is its ``iss``, ``sandbox`` the sandbox in the generation that it was issued in, ``subject`` the user or
    the client itself (``sub``), ``token_id`` its ``jti``; it is valid from ``not_before`` until just before
    ``expires_at``, which are in UTC by the sandbox's clock.
    """

    issuer: str
    sandbox: Sandbox
    subject: str
    token_id: str
    not_before: datetime
    expires_at: datetime

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> "Session":
        """The session in the authorizer's context, whose values are strings.

        Raises :class:`InvalidTokenException` when a claim is missing, which happens only when a route is deployed
        without its authorizer, and must not open it. Without ``iss`` the token counts as ours, which is checked most
        strictly.
        """
        try:
            return cls(
                issuer=str(claims.get("iss", settings().issuer)),
                sandbox=Sandbox(str(claims["sandbox"]), str(claims.get("generation", ""))),
                subject=str(claims["sub"]),
                token_id=str(claims["jti"]),
                not_before=datetime.fromtimestamp(int(claims["nbf"]), UTC),
                expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            )
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            raise InvalidTokenException("The access token lacks a claim.") from None

    @classmethod
    def from_token(cls, token: "AccessToken") -> "Session":
        """The session in a token that the function itself has verified."""
        return cls(
            issuer=token.issuer,
            sandbox=Sandbox(token.sandbox, token.generation),
            subject=token.subject,
            token_id=token.token_id,
            not_before=datetime.fromtimestamp(token.not_before, UTC),
            expires_at=datetime.fromtimestamp(token.expires_at, UTC),
        )

    @property
    def is_ours(self) -> bool:
        """Whether this stack issued it."""
        return settings().is_own_issuer(self.issuer, self.sandbox.name)

    @property
    def family(self) -> str:
        """The id of the token family."""
        return self.token_id.partition(".")[0]


def family_key(sandbox: Sandbox, family: str) -> Key:
    """The key of a token family, which is revoked when its item has ``revoked_at`` or does not exist."""
    return keys.alone(sandbox, "family", family)


def user_key(sandbox: Sandbox, subject: str) -> Key:
    """The key of a user, who is locked when the item's ``status`` is not :data:`ACTIVE`."""
    return keys.alone(sandbox, "user", subject)


def require_alive(session: Session, also: Iterable[Key] = ()) -> tuple[Sandbox, Snapshot]:
    """Raise :class:`InvalidTokenException` unless ``session`` is alive.

    Returns its sandbox as it is now, and the items that were read for that and those of the keys ``also``, all in one
    batched read, so that a handler that reads the table anyway needs no read more. A sandbox with users and clients of
    its own takes a second one, for what the token's client may have.
    """
    family = family_key(session.sandbox, session.family)
    user = user_key(session.sandbox, session.subject)
    items = table.get_many([sandbox_key(session.sandbox.name), family, user, *also])
    sandbox = current(session.sandbox, items)
    if sandbox is None:
        raise InvalidTokenException("The sandbox of the access token was reset, deleted, or has ended.")
    now = clock.now(sandbox)
    if now >= session.expires_at:
        raise InvalidTokenException("The access token expired.")
    if now < session.not_before:
        raise InvalidTokenException("The access token is not valid yet.")
    is_revoked = family not in items or items[family].get("revoked_at") is not None
    # Of this stack's own tokens each has a family; so have all, where it trusts no other issuer.
    if is_revoked and (session.is_ours or settings().trusted_issuer == settings().issuer):
        raise InvalidTokenException("The access token was revoked.")
    if user in items and items[user]["status"] != ACTIVE:
        raise InvalidTokenException("The user is locked.")
    opened = items.get(family, {})
    if not holds(opened.get("basis", {}), items.get(user, {}).get("basis", {})):
        raise InvalidTokenException("The user's password or scopes have changed.")
    if sandbox.has_accounts and "client_id" in opened:
        _require_client(sandbox, opened)
    return sandbox, items


def _require_client(sandbox: Sandbox, family: Item) -> None:
    """Raise :class:`InvalidTokenException` if what a family was granted on is no longer in the sandbox's own entry of
    its client; what the seed's clients may have is known to no function of a route."""
    key = client_account_key(sandbox, family["client_id"])
    client = table.get_many([key]).get(key, {})
    if not holds(family.get("basis", {}), client.get("basis", {})):
        raise InvalidTokenException("What the client may have has changed.")
