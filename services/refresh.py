"""Refresh tokens: opaque, stored hashed, rotated on every use, with reuse detection (RFC 9700 section 4.14.2).

A login opens a *family*; every use of a refresh token replaces it by its successor in the family. Whoever uses
one a second time is a client that lost the answer, or one of two holders of a stolen token. The client is
answered again, with the very same tokens, for a few seconds and until the successor is used; a thief ends the
family.
"""

import hashlib
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Final

from models.auth import Tokens
from services import clock
from services.keys import find_key, signer
from services.sessions import ACTIVE, family_key, user_key
from services.tokens import Family, base64url, issue
from utils import table
from utils.attributes import Item
from utils.errors import InvalidGrantError
from utils.logger import logger
from utils.settings import settings
from utils.table import ConditionFailed
from utils.writes import ABSENT, EXISTS, Key, Put, Update, lacks

GRACE: Final = timedelta(seconds=10)
"""How long after its first use a refresh token is answered again."""

_FORM: Final = re.compile(r"([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}")


def open_family(sandbox: str, subject: str, client_id: str, scope: str) -> Tokens:
    """Open a family for a login and issue its first tokens."""
    key = signer()
    now = _now(sandbox)
    lifetime = int(settings().refresh_token_lifetime.total_seconds())
    family = Family(sandbox, secrets.token_urlsafe(16), subject, client_id, scope, now + lifetime)
    refresh_token = f"{family.id}.{secrets.token_urlsafe(32)}"
    pk, sk = family_key(sandbox, family.id)
    opened = {
        "pk": pk,
        "sk": sk,
        "subject": subject,
        "client_id": client_id,
        "scope": scope,
        "expires_at": family.expires_at,
    }
    table.transact(Put(opened, ABSENT), _storing(family, refresh_token))
    return issue(family, refresh_token, at=now, key=key)


def rotate(sandbox: str, refresh_token: str) -> Tokens:
    """The tokens that ``refresh_token`` buys, once.

    Raises :class:`InvalidGrantError`, in the same words for every cause: it is no token of this sandbox, it
    expired, its family was revoked or its user is locked, or it was used before, which revokes the family too.
    """
    now = _now(sandbox)
    family, item = _live(sandbox, refresh_token, now)
    first = False
    if "used_at" not in item:
        item, first = _use(sandbox, refresh_token, now)
    key = find_key(item["kid"])
    if key is None or now - item["used_at"] > GRACE.total_seconds():
        raise _reused(family)
    successor = f"{family.id}.{base64url(key.derive('refresh', refresh_token))}"
    stored = _store(family, successor)
    if not (first or stored) and _is_used(sandbox, successor):
        raise _reused(family)
    return issue(family, successor, at=item["used_at"], key=key)


def revoke_family(sandbox: str, family_id: str) -> None:
    """End every refresh and access token of a family, now; nothing happens when there is none such."""
    with suppress(ConditionFailed):
        table.write(
            Update(
                family_key(sandbox, family_id), assign_once={"revoked_at": _now(sandbox)}, condition=EXISTS
            )
        )


def _live(sandbox: str, refresh_token: str, now: int) -> tuple[Family, Item]:
    """The family of a refresh token and the token's item; raises :class:`InvalidGrantError` unless both live."""
    form = _FORM.fullmatch(refresh_token)
    if form is None:
        raise _refusal()
    token_key, key = _token_key(sandbox, refresh_token), family_key(sandbox, form[1])
    found = table.get_many([token_key, key])
    token, family = found.get(token_key), found.get(key)
    if token is None or family is None or "revoked_at" in family or family["expires_at"] <= now:
        raise _refusal()
    user = table.get(user_key(sandbox, family["subject"]))
    if user is None or user["status"] != ACTIVE:
        raise _refusal()
    scope = " ".join(one for one in family["scope"].split(" ") if one in user["scopes"])
    live = Family(sandbox, form[1], family["subject"], family["client_id"], scope, family["expires_at"])
    return live, token


def _use(sandbox: str, refresh_token: str, now: int) -> tuple[Item, bool]:
    """The token's item with the time and key of its first use, and whether that is this one."""
    key = _token_key(sandbox, refresh_token)
    use = {"used_at": now, "kid": signer().kid}
    try:
        return table.write(Update(key, assign=use, condition=EXISTS & lacks("used_at"))), True
    except ConditionFailed:
        item = table.get(key)
    if item is None:
        raise _refusal()
    return item, False


def _store(family: Family, refresh_token: str) -> bool:
    """Whether the token was stored; not when it was stored before."""
    try:
        table.write(_storing(family, refresh_token))
    except ConditionFailed:
        return False
    return True


def _storing(family: Family, refresh_token: str) -> Put:
    """Only the token's hash is kept. It stays as long as the family, so that a late reuse is recognised."""
    pk, sk = _token_key(family.sandbox, refresh_token)
    return Put({"pk": pk, "sk": sk, "family": family.id, "expires_at": family.expires_at}, ABSENT)


def _is_used(sandbox: str, refresh_token: str) -> bool:
    return "used_at" in (table.get(_token_key(sandbox, refresh_token)) or {})


def _reused(family: Family) -> InvalidGrantError:
    revoke_family(family.sandbox, family.id)
    logger.warning("a refresh token was used twice; its family is revoked", extra={"family": family.id})
    return _refusal()


def _refusal() -> InvalidGrantError:
    return InvalidGrantError("The refresh token is not valid.")


def _token_key(sandbox: str, refresh_token: str) -> Key:
    return f"{sandbox}#refresh#{hashlib.sha256(refresh_token.encode()).hexdigest()}", "-"


def _now(sandbox: str) -> int:
    return int(clock.now(sandbox).timestamp())
