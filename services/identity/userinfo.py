"""The claims about the user of an access token (OpenID Connect Core section 5.3)."""

from models.auth import UserInfo
from services.identity.access_token_verifier import AccessToken
from services.identity.sessions import InvalidTokenException, Session, require_alive, user_key
from services.identity.token_families import require_standing
from utils.oauth_errors import InsufficientScopeException


def user_info(token: AccessToken) -> UserInfo:
    """The claims about the user of ``token``, known to be authentic: those of its scopes (section 5.4).

    Raises :class:`InvalidTokenException` when it is not alive, :class:`InsufficientScopeException` when it was not
    issued for ``openid``.
    """
    key = user_key(token.sandbox, token.subject)
    session = Session.from_token(token)
    items = require_alive(session, [key])
    require_standing(token.sandbox, session.family, items)
    user = items.get(key)
    if "openid" not in token.scopes:
        raise InsufficientScopeException("openid")
    if user is None:
        raise InvalidTokenException("The user is gone.")
    claims: UserInfo = {"sub": user["subject"]}
    if "profile" in token.scopes:
        claims |= {"name": user["name"], "preferred_username": user["username"]}
    if "email" in token.scopes:
        claims |= {"email": user["email"], "email_verified": user["email_verified"]}
    return claims
