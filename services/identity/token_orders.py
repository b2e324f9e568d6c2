"""Tokens to order: with the claims and the validity that a test wants, or with a defect.

An access token opens a family as a login does, so that it is alive wherever it is asked for, and can be revoked; one
with a defect does so too, so that nothing but the defect has it refused. Nothing is stored of an ID token.
"""

import secrets
from dataclasses import replace
from typing import Any, Final, NoReturn

from models.problems import FieldError
from models.token_order import OrderedToken, TokenOrder
from routes import ADMIN, OFFLINE_ACCESS
from services.identity import accounts, token_families, users
from services.identity.access_token_verifier import JWT_TYPE, MAX_BYTES
from services.identity.scopes import OF_USERS
from services.identity.seed import FIRST_PARTY_CLIENT, Client, SeedUser, extra_claims
from services.identity.signing_keys import current_signing_key
from services.identity.token_defects import (
    Validity,
    can_miss,
    missing_claim,
    validity,
    with_wrong_claims,
    wrongly_signed,
)
from services.identity.token_families import Family
from services.identity.tokens import ID_TOKEN_TYPE, access_claims, audience, id_claims
from services.sandboxes import due
from utils import table
from utils.errors import ValidationException
from utils.sandbox import Sandbox
from utils.writes import ABSENT, Put

FIXED: Final = frozenset(
    {
        *("iss", "sub", "exp", "iat", "nbf", "jti", "sandbox", "generation", "client_id"),
        *("aud", "scope"),
    }
)
"""The claims that ``claims`` cannot give: the sandbox says them, or a member of the order."""

_LAST_SECOND: Final = 253_402_300_799
_UNASKED: Final = (ADMIN, OFFLINE_ACCESS)


def fulfil(sandbox: Sandbox, order: TokenOrder) -> OrderedToken:
    """The token of ``order`` in ``sandbox``.

    Raises :class:`ValidationException` for a user or client that the sandbox does not have, a user who is locked, a
    claim that cannot be ordered or whose lack is no defect, a time that ends before it begins, and a token over 8 KiB,
    which no route would take.
    """
    client, user = _client(sandbox, order), _user(sandbox, order)
    for name in order.claims:
        if name in FIXED:
            _refuse(f"claims.{name}", "reserved", "This claim cannot be ordered.")
    family = token_families.new_family(
        sandbox, client, user, _scope(order, client, user), refreshable=False, audience=_audience(order)
    )
    times = _times(order, family)
    claims = {**extra_claims(client, user), **_claims(order, family, client, user, times), **order.claims}
    missing = missing_claim(order.defect)
    if missing is not None and missing not in can_miss(order.kind, claims):
        _refuse("defect", "missing_claim", "Without this claim the token is not refused.")
    claims = with_wrong_claims(order.defect, claims)
    is_id_token = order.kind == "id_token"
    key = current_signing_key(client.id_token_signed_response_alg if is_id_token else None)
    token = wrongly_signed(order.defect, claims, key, ID_TOKEN_TYPE if is_id_token else JWT_TYPE)
    if len(token) > MAX_BYTES:
        _refuse("claims", "too_long", f"The token would have more than {MAX_BYTES} bytes.")
    left = max(0, times.ends - family.auth_time)
    if is_id_token:
        return OrderedToken(None, token, left, claims)
    opening = Put(replace(family, expires_at=times.ends).to_item(), ABSENT)
    table.transact(opening, *([] if order.defect else [_listing(family, claims)]))
    return OrderedToken(token, None, left, claims)


def _client(sandbox: Sandbox, order: TokenOrder) -> Client:
    """The client whose token it is; the emulator's own where the order names a user alone."""
    client = accounts.find_client(sandbox, order.client_id or FIRST_PARTY_CLIENT.client_id)
    return client or _refuse("client_id", "unknown", "There is no such client in this sandbox.")


def _user(sandbox: Sandbox, order: TokenOrder) -> SeedUser | None:
    """The user whose token it is, ``None`` for a client's own; known to the table as after a login."""
    if order.username is not None:
        user = accounts.find_user(sandbox, order.username.casefold())
    elif order.sub is not None:
        user = accounts.find_subject(sandbox, order.sub)
    else:
        return None
    field = "sub" if order.username is None else "username"
    if user is None:
        _refuse(field, "unknown", "There is no such user in this sandbox.")
    known = users.known(sandbox, user)
    return known or _refuse(field, "locked", "The user is locked, or gone.")


def _scope(order: TokenOrder, client: Client, user: SeedUser | None) -> str:
    """The scope that was ordered, else all that may be had unasked."""
    if order.scope is not None:
        return " ".join(dict.fromkeys(order.scope.split(" ")))
    if user is None:
        held = [scope for scope in client.scopes if scope not in OF_USERS]
    else:
        held = list(client.allowed(user.scopes))
    return " ".join(scope for scope in held if scope not in _UNASKED)


def _audience(order: TokenOrder) -> list[str]:
    return [order.aud] if isinstance(order.aud, str) else list(dict.fromkeys(order.aud or ()))


def _times(order: TokenOrder, family: Family) -> Validity:
    now = family.auth_time
    begins = max(0, now + order.not_before)
    ends = min(family.expires_at if order.expires_in is None else now + order.expires_in, _LAST_SECOND)
    if begins >= ends:
        _refuse("not_before", "too_late", "The token would end before it begins.")
    return validity(order.defect, now, begins, ends)


def _claims(
    order: TokenOrder, family: Family, client: Client, user: SeedUser | None, times: Validity
) -> dict[str, Any]:
    if order.kind == "access_token":
        claims = access_claims(family, secrets.token_bytes(16), at=times.at, expires_at=times.ends)
        return {**claims, "nbf": times.begins}
    claims = id_claims(family, client, user, at=times.at, expires_at=times.ends)
    named = _audience(order)
    return {
        **claims,
        **({"aud": audience(named)} if named else {}),
        **({"nbf": times.begins} if times.begins != times.at else {}),
    }


def _listing(family: Family, claims: dict[str, Any]) -> Put:
    """The write by which the token is told of when it expires."""
    return due.access_token(
        family.sandbox,
        claims["jti"],
        subject=family.subject,
        client_id=family.client_id,
        at=family.auth_time,
        expires_at=claims["exp"],
    )


def _refuse(field: str, code: str, message: str) -> NoReturn:
    raise ValidationException([FieldError(field, code, message)])
