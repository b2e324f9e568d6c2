"""Refresh tokens: opaque, stored hashed, rotated on every use, with reuse detection (RFC 9700 section 4.14.2).

A login opens a token family; every use of a refresh token replaces it by its successor in the family. A token that
is used a second time comes from a client that lost the answer, or was stolen and is used by two. So for
:data:`GRACE`, and until the successor is used, the answer is repeated to the byte; after that the family is revoked.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

from models.auth import Tokens
from services import clock
from services.expiry import expiry
from services.identity import accounts, token_families
from services.identity.resources import narrowed
from services.identity.scopes import asked, granted
from services.identity.seed import Client, SeedUser
from services.identity.sessions import family_key
from services.identity.signing_keys import SigningKey, current_signing_key, find_key
from services.identity.token_families import Family, refresh_key
from services.identity.tokens import access_token_id, base64url, issue
from services.sandboxes import due
from utils import table
from utils.attributes import Item
from utils.logger import logger
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import Sandbox
from utils.table import ConditionFailedError
from utils.writes import ABSENT, EXISTS, Put, Update, lacks

GRACE: Final = timedelta(seconds=10)
"""How long after its first use a refresh token is answered again."""


def open_family(
    sandbox: Sandbox,
    client: Client,
    user: SeedUser | None,
    scope: str,
    *,
    refreshable: bool,
    audience: Sequence[str] = (),
) -> Tokens:
    """Store a new family for a login at this moment, and issue its first tokens.

    Without a ``user`` they are the client's own. ``refreshable`` says whether there is a refresh token among them;
    ``audience`` is who the access tokens are for, by default the API.
    """
    family = token_families.new_family(
        sandbox, client, user, scope, refreshable=refreshable, audience=audience
    )
    opening = Put(family.to_item(), ABSENT)
    return issue_first(family, opening, client, at=family.auth_time, refreshable=refreshable)


def issue_first(
    family: Family,
    opening: Put | Update,
    client: Client,
    *,
    at: int,
    refreshable: bool,
    nonce: str | None = None,
    audience: Sequence[str] | None = None,
) -> Tokens:
    """Write ``opening``, the write that opens the family, and issue its first tokens ``at`` (seconds since 1970).

    ``nonce`` is the one of the authorization request; ``audience`` is the access token's, by default the family's.
    Raises :class:`ConditionFailedError` when the condition of
    ``opening`` does not hold.
    """
    key = current_signing_key()
    id_key = current_signing_key(client.id_token_signed_response_alg)
    narrow = family if audience is None else replace(family, audience=tuple(audience))
    refresh_token = token_families.new_secret(family) if refreshable else None
    user = accounts.find_subject(family.sandbox, family.subject)
    tokens = issue(
        narrow, refresh_token, at=at, key=key, client=client, user=user, id_key=id_key, nonce=nonce
    )
    listing = _listing(narrow, tokens, key, at)
    if refresh_token is None:
        table.transact(opening, listing)
    else:
        table.transact(opening, _storing(family, refresh_token, at), listing)
    return tokens


def rotate(
    sandbox: Sandbox,
    client: Client,
    refresh_token: str,
    scope: str | None = None,
    resources: Sequence[str] = (),
) -> Tokens:
    """The next tokens for ``refresh_token``, any text, of ``client`` (RFC 6749 section 6).

    ``scope`` may ask for less than the token's scope, for the access token only, and ``resources`` for less of its
    audience. Raises
    :class:`InvalidGrantException`, in the same words for every cause: it is no token of this sandbox or of this
    client, it expired, its family was revoked, its user is locked, what it was granted on was taken away, or it was
    used before, which revokes the family too. Raises :class:`InvalidScopeException`, and leaves the token unused, for
    more than its scope, and :class:`InvalidTargetException` for a resource that was not granted.
    """
    now = clock.seconds(sandbox)
    family, item = _live(sandbox, client, refresh_token, now)
    limited = (
        family if asked(scope) is None else replace(family, scope=granted(scope, family.scope.split(" ")))
    )
    narrowed_family = replace(limited, audience=tuple(narrowed(sandbox, resources, client, family.audience)))
    is_first_use = False
    if "used_at" not in item:
        item, is_first_use = _use(sandbox, client, refresh_token, now)
    key = find_key(item["kid"])
    if key is None or now - item["used_at"] > GRACE.total_seconds():
        raise _reused(family)
    successor = token_families.new_secret(family, base64url(key.derive("refresh", refresh_token)))
    id_key = find_key(item.get("id_kid", "")) or current_signing_key(client.id_token_signed_response_alg)
    user = accounts.find_subject(sandbox, family.subject)
    tokens = issue(
        narrowed_family, successor, at=item["used_at"], key=key, client=client, user=user, id_key=id_key
    )
    listing = _listing(narrowed_family, tokens, key, item["used_at"])
    is_new = _store(family, successor, now, listing)
    if not (is_first_use or is_new) and _is_used(sandbox, successor):
        raise _reused(family)
    if not is_new and narrowed_family != family:
        table.write(listing)
    return tokens


def _live(sandbox: Sandbox, client: Client, refresh_token: str, now: int) -> tuple[Family, Item]:
    """The family of a refresh token, and the token's item; :class:`InvalidGrantException` unless both exist."""
    stored = token_families.find_refresh_token(sandbox, refresh_token)
    if stored is None:
        raise _refusal()
    family = token_families.live_family(sandbox, client, stored.family_id, stored.family, now)
    if family is None:
        raise _refusal()
    if "basis" not in stored.family:
        _give_basis(family)
    return family, stored.item


def _give_basis(family: Family) -> None:
    """Store what a family rests on that an older release opened, so that it ends like any other from now on."""
    key = family_key(family.sandbox, family.id)
    with suppress(ConditionFailedError):
        table.write(Update(key, assign_once={"basis": family.basis}, condition=EXISTS))


def _use(sandbox: Sandbox, client: Client, refresh_token: str, now: int) -> tuple[Item, bool]:
    """The token's item with time and keys of its first use, and whether the first use is this one."""
    key = refresh_key(sandbox, refresh_token)
    id_key = current_signing_key(client.id_token_signed_response_alg)
    use = {"used_at": now, "kid": current_signing_key().kid, "id_kid": id_key.kid}
    try:
        return table.write(Update(key, assign=use, condition=EXISTS & lacks("used_at"))), True
    except ConditionFailedError:
        item = table.get(key)
    if item is None:
        raise _refusal()
    return item, False


def _store(family: Family, refresh_token: str, now: int, listing: Put) -> bool:
    """Store the token, and list the access token issued with it; whether it was not stored before."""
    try:
        table.transact(_storing(family, refresh_token, now), listing)
    except ConditionFailedError:
        return False
    return True


def _storing(family: Family, refresh_token: str, now: int) -> Put:
    """The write of a token's item, by its hash. It stays as long as the family, so that a late reuse is recognised."""
    pk, sk = refresh_key(family.sandbox, refresh_token)
    expires = expiry(now, family.expires_at)
    return Put({"pk": pk, "sk": sk, "family": family.id, **expires}, ABSENT)


def _listing(family: Family, tokens: Tokens, key: SigningKey, at: int) -> Put:
    """The write that lists the access token of ``tokens``, issued ``at``, as falling due when it expires."""
    return due.access_token(
        family.sandbox,
        access_token_id(family, tokens.refresh_token, key),
        subject=family.subject,
        client_id=family.client_id,
        at=at,
        expires_at=at + tokens.expires_in,
    )


def _is_used(sandbox: Sandbox, refresh_token: str) -> bool:
    return "used_at" in (table.get(refresh_key(sandbox, refresh_token)) or {})


def _reused(family: Family) -> InvalidGrantException:
    token_families.revoke(family.sandbox, family.id)
    logger.warning("a refresh token was used twice; its family is revoked", extra={"family": family.id})
    return _refusal()


def _refusal() -> InvalidGrantException:
    return InvalidGrantException("The refresh token is not valid.")
