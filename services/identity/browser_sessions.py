"""Browser sessions: who logged in with a browser, so that the next client need not ask again.

The browser holds a secret, the table its hash. Every login makes a new secret, so that one planted beforehand is
worth nothing; what a user's logins in one browser have in common is the session's ``id``. Under it stand the token
families that were opened from the browser, which end with the session when the user logs out.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from services import clock
from services.identity import token_families
from services.identity.sessions import ACTIVE, user_key
from utils import table
from utils.settings import settings
from utils.writes import Delete, Key, Put

_PAGE = 100


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A user who is logged in with a browser. ``scopes`` are those that may be granted, in the seed's order."""

    id: str
    key: Key
    subject: str
    username: str
    scopes: tuple[str, ...]
    authenticated_at: datetime


def find_session(sandbox: str, secret: str | None) -> BrowserSession | None:
    """The session of the browser that holds ``secret``; ``None`` when it has none, it expired, or its user is
    locked."""
    if secret is None:
        return None
    key = _key(sandbox, secret)
    item = table.get(key)
    if item is None or item["expires_at"] <= clock.now(sandbox).timestamp():
        return None
    user = table.get(user_key(sandbox, item["subject"]))
    if user is None or user["status"] != ACTIVE:
        return None
    return BrowserSession(
        id=item["id"],
        key=key,
        subject=user["subject"],
        username=user["username"],
        scopes=tuple(user["scopes"]),
        authenticated_at=datetime.fromtimestamp(item["auth_time"], UTC),
    )


def open_session(sandbox: str, subject: str, previous: BrowserSession | None) -> str:
    """The secret of a new session for a user who has just logged in; ``previous``, this browser's, gives way."""
    secret, now = secrets.token_urlsafe(32), int(clock.now(sandbox).timestamp())
    stays = previous is not None and previous.subject == subject
    pk, sk = _key(sandbox, secret)
    table.write(
        Put(
            {
                "pk": pk,
                "sk": sk,
                "id": previous.id if previous and stays else secrets.token_urlsafe(16),
                "subject": subject,
                "auth_time": now,
                "expires_at": now + int(settings().browser_session_lifetime.total_seconds()),
            }
        )
    )
    if previous is not None:
        table.write(Delete(previous.key))
    return secret


def note_family(sandbox: str, session: BrowserSession, family: str) -> None:
    """Let the token family, which may be yet to be opened, end with ``session``."""
    lifetime = settings().refresh_token_lifetime + settings().browser_session_lifetime
    expires_at = int((clock.now(sandbox) + lifetime).timestamp())
    table.write(Put({"pk": _families(sandbox, session), "sk": family, "expires_at": expires_at}))


def end_session(sandbox: str, session: BrowserSession) -> None:
    """End ``session`` and every token of the families that were opened in it."""
    table.write(Delete(session.key))
    for family in _noted(sandbox, session):
        token_families.revoke(sandbox, family)


def _noted(sandbox: str, session: BrowserSession) -> Iterator[str]:
    after: str | None = None
    while found := table.query(_families(sandbox, session), limit=_PAGE, after=after):
        for item in found:
            after = str(item["sk"])
            yield after


def _families(sandbox: str, session: BrowserSession) -> str:
    return f"{sandbox}#browser#{session.id}"


def _key(sandbox: str, secret: str) -> Key:
    return f"{sandbox}#session#{hashlib.sha256(secret.encode()).hexdigest()}", "-"
