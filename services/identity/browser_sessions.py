"""Browser sessions: a user logged in with a browser, so that the next client's request needs no login.

The browser's cookie holds a secret, the table its hash. Every login makes a new secret, so that one planted beforehand
is worthless (session fixation); the session's ``id`` stays the same for one user in one browser. Under the id the
token families are listed that were opened from the browser, which are revoked when the user logs out.
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
    """A user who is logged in with a browser.

    ``key`` is of the session's item; ``scopes`` are those that may be granted, in the seed's order.
    """

    id: str
    key: Key
    subject: str
    username: str
    scopes: tuple[str, ...]
    authenticated_at: datetime


def find_session(sandbox: str, secret: str | None) -> BrowserSession | None:
    """The session of the browser whose cookie holds ``secret``.

    ``None`` without a cookie or a session, or when it has expired or its user is locked.
    """
    if secret is None:
        return None
    key = _key(sandbox, secret)
    item = table.get(key)
    if item is None or item["expires_at"] <= clock.seconds(sandbox):
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
    """The secret of a new session for a user who has just logged in; it replaces ``previous``, this browser's."""
    secret, now = secrets.token_urlsafe(32), clock.seconds(sandbox)
    is_same_user = previous is not None and previous.subject == subject
    pk, sk = _key(sandbox, secret)
    table.write(
        Put(
            {
                "pk": pk,
                "sk": sk,
                "id": previous.id if previous and is_same_user else secrets.token_urlsafe(16),
                "subject": subject,
                "auth_time": now,
                "expires_at": now + int(settings().browser_session_lifetime.total_seconds()),
            }
        )
    )
    if previous is not None:
        table.write(Delete(previous.key))
    return secret


def add_family(sandbox: str, session: BrowserSession, family_id: str) -> None:
    """Let the token family be revoked when ``session`` ends."""
    lifetime = settings().refresh_token_lifetime + settings().browser_session_lifetime
    expires_at = int((clock.now(sandbox) + lifetime).timestamp())
    table.write(Put({"pk": _families(sandbox, session), "sk": family_id, "expires_at": expires_at}))


def end_session(sandbox: str, session: BrowserSession) -> None:
    """End ``session`` and revoke the token families that were opened in it."""
    table.write(Delete(session.key))
    for family_id in _family_ids(sandbox, session):
        token_families.revoke(sandbox, family_id)


def _family_ids(sandbox: str, session: BrowserSession) -> Iterator[str]:
    after: str | None = None
    while items := table.query(_families(sandbox, session), limit=_PAGE, after=after):
        for item in items:
            after = str(item["sk"])
            yield after


def _families(sandbox: str, session: BrowserSession) -> str:
    return f"{sandbox}#browser#{session.id}"


def _key(sandbox: str, secret: str) -> Key:
    return f"{sandbox}#session#{hashlib.sha256(secret.encode()).hexdigest()}", "-"
