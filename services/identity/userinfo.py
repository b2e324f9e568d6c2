"""What is told of the user whose access token is shown (OpenID Connect Core section 5.3)."""

from models.auth import UserInfo
from services.identity.access_token_verifier import AccessToken
from services.identity.sessions import Session, require_alive, user_key
from utils.errors import InvalidTokenException
from utils.oauth_errors import InsufficientScopeError


def claims(token: AccessToken) -> UserInfo:
    """The claims that the scopes of ``token``, known to be authentic, give (section 5.4).

    Raises :class:`InvalidTokenException` when it is not alive, :class:`InsufficientScopeError` when it was not
    issued for ``openid``.
    """
    key = user_key(token.sandbox, token.subject)
    user = require_alive(Session.from_token(token), [key]).get(key)
    if "openid" not in token.scopes:
        raise InsufficientScopeError("openid")
    if user is None:
        raise InvalidTokenException("The user is gone.")
    told: UserInfo = {"sub": user["subject"]}
    if "profile" in token.scopes:
        told |= {"name": user["name"], "preferred_username": user["username"]}
    if "email" in token.scopes:
        told |= {"email": user["email"], "email_verified": user["email_verified"]}
    return told
