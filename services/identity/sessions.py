"""Is an access token alive? The second of two questions; that it is authentic, the authorizer has answered.

A token lives between ``nbf`` and ``exp`` by its sandbox's clock, while the token family that it belongs to is there
and not revoked, and while its user is not locked. ``jti`` is ``<family>.<random>``: what ends a family ends every
token of it at once. Another issuer's token, where such a one is trusted, has no family here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services import clock
from utils import table
from utils.errors import InvalidTokenException
from utils.settings import settings
from utils.table import Snapshot
from utils.writes import Key

if TYPE_CHECKING:
    from services.identity.access_token_verifier import AccessToken

ACTIVE = "active"
"""The ``status`` of a user who is not locked."""


@dataclass(frozen=True, slots=True)
class Session:
    """The claims that decide whether a token is alive."""

    issuer: str
    sandbox: str
    subject: str
    token_id: str
    not_before: datetime
    expires_at: datetime

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> "Session":
        """The session in what the authorizer passed on; :class:`InvalidTokenException` when a claim is missing.

        That happens only when a route is deployed without its authorizer, which must not open it. A token whose
        issuer nobody told is held for ours, of which the most is asked.
        """
        try:
            return cls(
                issuer=str(claims.get("iss", settings().issuer)),
                sandbox=str(claims["sandbox"]),
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
            sandbox=token.sandbox,
            subject=token.subject,
            token_id=token.token_id,
            not_before=datetime.fromtimestamp(token.not_before, UTC),
            expires_at=datetime.fromtimestamp(token.expires_at, UTC),
        )

    @property
    def family(self) -> str:
        """The id of the token family."""
        return self.token_id.partition(".")[0]


def family_key(sandbox: str, family: str) -> Key:
    """The key of a token family; it is revoked when its item has ``revoked_at`` or is gone."""
    return f"{sandbox}#family#{family}", "-"


def user_key(sandbox: str, subject: str) -> Key:
    """The key of a user; one is locked when its item's ``status`` is not :data:`ACTIVE`."""
    return f"{sandbox}#user#{subject}", "-"


def require_alive(session: Session, also: Iterable[Key] = ()) -> Snapshot:
    """Raise :class:`InvalidTokenException` unless ``session`` is alive; return what else was asked for.

    One batched read serves both, so that being sure costs no read of its own.
    """
    moment = clock.now(session.sandbox)
    if moment >= session.expires_at:
        raise InvalidTokenException("The access token expired.")
    if moment < session.not_before:
        raise InvalidTokenException("The access token is not valid yet.")
    family = family_key(session.sandbox, session.family)
    user = user_key(session.sandbox, session.subject)
    found = table.get_many([family, user, *also])
    revoked = family not in found or found[family].get("revoked_at") is not None
    if revoked and session.issuer == settings().issuer:
        raise InvalidTokenException("The access token was revoked.")
    if user in found and found[user]["status"] != ACTIVE:
        raise InvalidTokenException("The user is locked.")
    return found
