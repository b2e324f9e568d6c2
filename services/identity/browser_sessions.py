"""Browser sessions: a user logged in with a browser, so that the next client's request needs no login.

The browser's cookie holds a secret, the table its hash. Every login makes a new secret, so that one planted beforehand
is worthless (session fixation); the session's ``id`` stays the same for one user in one browser. Under the id the
token families are listed that were opened from the browser, which are revoked when the user logs out.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from routes import RESERVED_SCOPES
from services import clock, keys
from services.expiry import expiry
from services.identity import token_families
from services.identity.grant_basis import basis_of_grant, basis_of_session
from services.identity.seed import Client, SeedUser
from services.identity.sessions import ACTIVE, user_key
from services.identity.standing import standing_user
from utils import table
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.table import ConditionFailedError
from utils.writes import EXISTS, Check, Delete, Key, Put, Update, lacks

_PAGE = 100


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A user who has logged in with a browser.

    ``key`` is of the session's item. It is over once its logout has begun; until that is finished, the item stays.
    One that ``is_automatic`` was opened without a password.
    """

    id: str
    key: Key
    subject: str
    authenticated_at: datetime
    is_over: bool
    is_automatic: bool


@dataclass(frozen=True, slots=True)
class LiveSession(BrowserSession):
    """A session of a user who is still logged in, as the seed has the user; without the scopes that take a password,
    whenever they were given, if none opened it."""

    user: SeedUser = field(repr=False)

    def basis_for(self, client: Client) -> Item:
        """What a grant to ``client`` in this session rests on."""
        return basis_of_grant(self.user, client)


def stored_session(sandbox: Sandbox, secret: str | None) -> BrowserSession | None:
    """The session of the browser whose cookie holds ``secret``, alive or not: tokens may be left that it opened.

    ``None`` without a cookie, and when nothing is stored of it any more.
    """
    if secret is None:
        return None
    key = _key(sandbox, secret)
    item = table.get(key)
    return None if item is None else _session(key, item)


def find_session(sandbox: Sandbox, secret: str | None) -> LiveSession | None:
    """The session of the browser whose cookie holds ``secret``.

    ``None`` without a cookie or a session, or when it is over or has expired, its user is locked or gone, or the
    user's password has changed or a scope was taken away since the login.
    """
    if secret is None:
        return None
    key = _key(sandbox, secret)
    item = table.get(key)
    if item is None or "ended_at" in item or item["expires_at"] <= clock.seconds(sandbox):
        return None
    stored = table.get(user_key(sandbox, item["subject"]))
    if stored is None or stored["status"] != ACTIVE:
        return None
    user = standing_user(sandbox, item["subject"], item.get("basis", {}))
    if user is None:
        _mark_ended(sandbox, key)
        return None
    session = _session(key, item)
    return LiveSession(
        session.id,
        key,
        session.subject,
        session.authenticated_at,
        is_over=False,
        is_automatic=session.is_automatic,
        user=_without_reserved(user) if session.is_automatic else user,
    )


def username(sandbox: Sandbox, session: BrowserSession) -> str:
    """The name to call the user of ``session`` by, who may be gone from the seed."""
    user = table.get(user_key(sandbox, session.subject))
    return str(user["username"]) if user else session.subject


def open_session(
    sandbox: Sandbox, user: SeedUser, previous: BrowserSession | None, *, is_automatic: bool = False
) -> str:
    """The secret of a new session for a user who has just logged in; it replaces ``previous``, this browser's.

    A logout of ``previous`` that was cut off is completed before.
    """
    if previous is not None and previous.is_over:
        end_session(sandbox, previous)
        previous = None
    secret, now, subject = secrets.token_urlsafe(32), clock.seconds(sandbox), user.subject
    is_same_user = previous is not None and previous.subject == subject
    pk, sk = _key(sandbox, secret)
    table.write(
        Put(
            {
                "pk": pk,
                "sk": sk,
                "id": previous.id if previous and is_same_user else secrets.token_urlsafe(16),
                "subject": subject,
                "basis": basis_of_session(user),
                "auth_time": now,
                **({"is_automatic": True} if is_automatic else {}),
                **expiry(now, now + int(settings().browser_session_lifetime.total_seconds())),
            }
        )
    )
    if previous is not None:
        table.write(Delete(previous.key))
    return secret


def listing(sandbox: Sandbox, session: BrowserSession, family_id: str) -> tuple[Put, Check]:
    """Two writes to make in the transaction that stores the token family ``family_id``, opened in ``session``.

    The first lists the family under the session, so that :func:`end_session` revokes it. The second writes nothing:
    it is
    a condition, which makes the transaction fail when the session has ended meanwhile.
    """
    lifetime = settings().refresh_token_lifetime + settings().browser_session_lifetime
    now = clock.seconds(sandbox)
    expires = expiry(now, now + int(lifetime.total_seconds()))
    entry = Put({"pk": _families(sandbox, session), "sk": family_id, **expires})
    return entry, Check(session.key, EXISTS & lacks("ended_at"))


def end_session(sandbox: Sandbox, session: BrowserSession) -> None:
    """End ``session`` and revoke the token families that were opened in it.

    No family is opened in it from the first write on, and it is forgotten by the last. So what was cut off between
    them is completed by doing it again.
    """
    _mark_ended(sandbox, session.key)
    for family_id in _family_ids(sandbox, session):
        token_families.revoke(sandbox, family_id)
    table.write(Delete(session.key))


def _mark_ended(sandbox: Sandbox, key: Key) -> None:
    ended = {"ended_at": clock.seconds(sandbox)}
    with suppress(ConditionFailedError):
        table.write(Update(key, assign_once=ended, condition=EXISTS))


def _session(key: Key, item: Item) -> BrowserSession:
    return BrowserSession(
        id=item["id"],
        key=key,
        subject=item["subject"],
        authenticated_at=datetime.fromtimestamp(item["auth_time"], UTC),
        is_over="ended_at" in item,
        is_automatic=item.get("is_automatic", False),
    )


def _without_reserved(user: SeedUser) -> SeedUser:
    return replace(user, scopes=tuple(scope for scope in user.scopes if scope not in RESERVED_SCOPES))


def _family_ids(sandbox: Sandbox, session: BrowserSession) -> Iterator[str]:
    after: str | None = None
    while items := table.query(_families(sandbox, session), limit=_PAGE, after=after):
        for item in items:
            after = str(item["sk"])
            yield after


def _families(sandbox: Sandbox, session: BrowserSession) -> str:
    return keys.partition(sandbox, "browser", session.id)


def _key(sandbox: Sandbox, secret: str) -> Key:
    return keys.alone(sandbox, "session", hashlib.sha256(secret.encode()).hexdigest())
