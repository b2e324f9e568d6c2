"""Authorization codes with PKCE: single use, valid for a minute, bound to client, redirect URI and code verifier.

A code opens a token family: the family's item is stored with the code, not redeemed yet. So a second redemption finds
the family that the first one got its tokens from, and revoking the family revokes its code too.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from models.auth import Tokens
from services import clock
from services.expiry import expiry
from services.identity import token_families
from services.identity.seed import Client
from services.identity.sessions import family_key
from utils import table
from utils.attributes import Item
from utils.logger import logger
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import Sandbox
from utils.table import ConditionFailedError, Write
from utils.writes import ABSENT, Put, Update, has, lacks

LIFETIME: Final = timedelta(seconds=60)
"""How long a code can be redeemed, by its sandbox's clock."""

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a user, logged in at ``auth_time`` (seconds since 1970), has authorized a client to have.

    ``redirect_uri`` is where the code is sent; ``code_challenge`` is of the method S256 (RFC 7636 section 4.2), or
    ``None`` where the client proves by its secret alone that the code is its own; ``basis`` is what it rests on
    (``services.identity.grant_basis``); ``audience``, ``claims`` and ``acr`` are those of the token family.
    """

    client_id: str
    redirect_uri: str
    subject: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    auth_time: int
    basis: Item
    audience: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    acr: str | None = None


def issue_code(
    sandbox: Sandbox,
    authorization: Authorization,
    listing: Callable[[str], Sequence[Write]] = lambda _family_id: (),
) -> str:
    """A new code for ``authorization``; ``listing`` are the writes to make with it, of the id of its token family.

    Raises :class:`ConditionFailedError` when the condition of one of them does not hold.
    """
    now = clock.seconds(sandbox)
    family = token_families.Family(
        sandbox=sandbox,
        id=token_families.new_family_id(),
        subject=authorization.subject,
        client_id=authorization.client_id,
        scope=authorization.scope,
        auth_time=authorization.auth_time,
        expires_at=now + int(LIFETIME.total_seconds()),
        basis=authorization.basis,
        audience=authorization.audience,
        claims=authorization.claims,
        acr=authorization.acr,
    )
    code = token_families.new_secret(family)
    binding: dict[str, Any] = {
        "code": token_families.digest(code),
        "redirect_uri": authorization.redirect_uri,
        "code_challenge": authorization.code_challenge,
        "nonce": authorization.nonce,
    }
    table.transact(Put(family.to_item() | binding, ABSENT), *listing(family.id))
    return code


def redeem(
    sandbox: Sandbox,
    client: Client,
    code: str,
    redirect_uri: str,
    code_verifier: str | None,
    *,
    resources: Sequence[str] = (),
) -> Tokens:
    """The tokens for ``code``, any text, of ``client`` (RFC 6749 section 4.1.3, RFC 7636 section 4.5).

    ``resources`` limits the audience of the access token; :class:`InvalidTargetException` for one not granted.

    Raises :class:`InvalidGrantException`, in the same words for every cause: there is no such code, it expired or was
    revoked, it is another client's, the redirect URI is not the one it was sent to, the verifier does not fit, is
    missing with a challenge or there without one (RFC 9700 section 2.1.1), the user is locked, what it was granted on
    was taken away, or it was redeemed before, which revokes the tokens that were issued then. Only a client that could
    have redeemed it can revoke them so: a code that a third party has read somewhere revokes nothing.
    """
    from services.identity.refresh_tokens import issue_first  # not loaded where codes are issued: it may sign
    from services.identity.resources import narrowed

    now = clock.seconds(sandbox)
    family_id = token_families.family_id_of(code)
    item = family_id and table.get(family_key(sandbox, family_id))
    if not (family_id and item and _is_bound(item, client, code, redirect_uri, code_verifier)):
        raise _refusal()
    if "redeemed_at" in item:
        raise _reused(sandbox, family_id)
    family = token_families.live_family(sandbox, client, family_id, item, now)
    if family is None:
        raise _refusal()
    audience = narrowed(sandbox, resources, client, family.audience)
    refreshable = "refresh_token" in client.grant_types
    family = replace(family, expires_at=now + token_families.lifetime(client, refreshable=refreshable))
    redemption = Update(
        family_key(sandbox, family_id),
        assign={"redeemed_at": now, **expiry(now, family.expires_at)},
        condition=has("code") & lacks("redeemed_at") & lacks("revoked_at"),
    )
    try:
        return issue_first(
            family,
            redemption,
            client,
            at=now,
            refreshable=refreshable,
            nonce=item["nonce"],
            audience=audience,
        )
    except ConditionFailedError:
        raise _reused(sandbox, family_id) from None


def _is_bound(item: Item, client: Client, code: str, redirect_uri: str, code_verifier: str | None) -> bool:
    """Whether ``code`` is the one in ``item``, and is redeemed with the client, URI and verifier of its request."""
    return (
        hmac.compare_digest(item.get("code", ""), token_families.digest(code))
        and item["client_id"] == client.client_id
        and item["redirect_uri"] == redirect_uri
        and _fits(code_verifier, item["code_challenge"])
    )


def _fits(code_verifier: str | None, code_challenge: str | None) -> bool:
    """Whether the verifier is that of the challenge, or neither is there."""
    from services.identity.tokens import base64url

    if code_verifier is None or code_challenge is None:
        return code_verifier is code_challenge
    if not _VERIFIER.fullmatch(code_verifier):
        return False
    return hmac.compare_digest(code_challenge, base64url(sha256(code_verifier.encode()).digest()))


def _reused(sandbox: Sandbox, family_id: str) -> InvalidGrantException:
    token_families.revoke(sandbox, family_id)
    logger.warning("a code was redeemed twice; its family is revoked", extra={"family": family_id})
    return _refusal()


def _refusal() -> InvalidGrantException:
    return InvalidGrantException("The authorization code is not valid.")
