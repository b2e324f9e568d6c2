"""The claims about the user of an access token (OpenID Connect Core section 5.3)."""

from typing import cast

from models.auth import UserInfo
from services.identity import accounts, claims
from services.identity.access_token_verifier import AccessToken
from services.identity.seed import claims_of, extra_claims
from services.identity.sessions import InvalidTokenException, Session, family_key, require_alive, user_key
from services.identity.token_families import require_standing
from utils.oauth_errors import InsufficientScopeException


def user_info(token: AccessToken) -> UserInfo:
    """The claims about the user of ``token``, known to be authentic: those of its scopes (section 5.4), and
    those that the authorization request named for userinfo (section 5.5).

    Raises :class:`InvalidTokenException` when it is not alive, :class:`InsufficientScopeException` when it was not
    issued for ``openid``.
    """
    session = Session.from_token(token)
    key = user_key(session.sandbox, token.subject)
    sandbox, items = require_alive(session, [key])
    require_standing(sandbox, session.family, items)
    user = items.get(key)
    if "openid" not in token.scopes:
        raise InsufficientScopeException("openid")
    if user is None:
        raise InvalidTokenException("The user is gone.")
    family = items[family_key(sandbox, session.family)]
    requested = family.get("claims", {}).get("userinfo", {})
    client = accounts.find_client(sandbox, token.client_id)
    allowed = client.allowed(user.get("scopes", ())) if client else ()
    told = claims.select(claims_of(user), token.scopes, requested, allowed)
    entry = accounts.find_subject(sandbox, token.subject)
    extra = extra_claims(client, entry) if client else {}
    return cast("UserInfo", {**extra, "sub": user["subject"], **told})
