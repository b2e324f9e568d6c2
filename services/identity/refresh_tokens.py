"""Refresh tokens: opaque, stored hashed, rotated on every use, with reuse detection (RFC 9700 section 4.14.2).

A login opens a family; every use of a refresh token replaces it by its successor in the family. Whoever uses one a
second time is a client that lost the answer, or one of two holders of a stolen token. The client is answered
again, with the very same tokens, for a few seconds and until the successor is used; a thief ends the family.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from models.auth import Tokens
from services import clock
from services.identity import token_families
from services.identity.scopes import granted
from services.identity.seed import Client
from services.identity.signing_keys import find_key, signer
from services.identity.token_families import Family, refresh_key
from services.identity.tokens import base64url, issue
from utils import table
from utils.attributes import Item
from utils.logger import logger
from utils.oauth_errors import InvalidGrantError
from utils.table import ConditionFailed
from utils.writes import ABSENT, EXISTS, Put, Update, lacks

GRACE: Final = timedelta(seconds=10)
"""How long after its first use a refresh token is answered again."""


def open_family(sandbox: str, client: Client, subject: str, scope: str, *, refreshable: bool) -> Tokens:
    """Open a family for a login and issue its first tokens, with a refresh token if it is ``refreshable``."""
    family = token_families.new_family(sandbox, client, subject, scope, refreshable=refreshable)
    return begin(family, Put(family.to_item(), ABSENT), at=family.auth_time, refreshable=refreshable)


def begin(
    family: Family, opening: Put | Update, *, at: int, refreshable: bool, nonce: str | None = None
) -> Tokens:
    """Write ``opening``, which brings the family to life, and issue its first tokens ``at`` (seconds since 1970).

    Raises :class:`ConditionFailed` when the condition of ``opening`` does not hold.
    """
    key = signer()
    if not refreshable:
        table.write(opening)
        return issue(family, None, at=at, key=key, nonce=nonce)
    refresh_token = token_families.new_secret(family.id)
    table.transact(opening, _storing(family, refresh_token))
    return issue(family, refresh_token, at=at, key=key, nonce=nonce)


def rotate(sandbox: str, client: Client, refresh_token: str, scope: str | None = None) -> Tokens:
    """The tokens that ``refresh_token`` buys ``client``, once; with less than its scope when ``scope`` says so.

    Raises :class:`InvalidGrantError`, in the same words for every cause: it is no token of this sandbox or of this
    client, it expired, its family was revoked or its user is locked, or it was used before, which revokes the
    family too. Raises :class:`InvalidScopeError`, and leaves the token unused, for more than its scope.
    """
    now = clock.seconds(sandbox)
    family, item = _live(sandbox, client, refresh_token, now)
    wanted = family if scope is None else replace(family, scope=granted(scope, family.scope.split(" ")))
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
    return issue(wanted, successor, at=item["used_at"], key=key)


def _live(sandbox: str, client: Client, refresh_token: str, now: int) -> tuple[Family, Item]:
    """The family of a refresh token and the token's item; :class:`InvalidGrantError` unless both are there."""
    found = token_families.find(sandbox, refresh_token)
    if found is None:
        raise _refusal()
    family_id, item, token = found
    family = token_families.live(sandbox, client, family_id, item, now)
    if family is None:
        raise _refusal()
    return family, token


def _use(sandbox: str, refresh_token: str, now: int) -> tuple[Item, bool]:
    """The token's item with the time and key of its first use, and whether that is this one."""
    key = refresh_key(sandbox, refresh_token)
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
    pk, sk = refresh_key(family.sandbox, refresh_token)
    return Put({"pk": pk, "sk": sk, "family": family.id, "expires_at": family.expires_at}, ABSENT)


def _is_used(sandbox: str, refresh_token: str) -> bool:
    return "used_at" in (table.get(refresh_key(sandbox, refresh_token)) or {})


def _reused(family: Family) -> InvalidGrantError:
    token_families.revoke(family.sandbox, family.id)
    logger.warning("a refresh token was used twice; its family is revoked", extra={"family": family.id})
    return _refusal()


def _refusal() -> InvalidGrantError:
    return InvalidGrantError("The refresh token is not valid.")
