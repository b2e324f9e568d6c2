"""What a resource server may know of a token that it was shown (RFC 7662)."""

from models.auth import Introspection
from routes import INTROSPECT
from services import clock
from services.identity import token_families
from services.identity.access_token_verifier import AccessToken, TokenRefusedError, verifier
from services.identity.seed import Client
from services.identity.sessions import Session, require_alive, user_key
from utils.errors import InvalidTokenException
from utils.oauth_errors import UnauthorizedClientError
from utils.settings import settings


def introspect(sandbox: str, client: Client, token: str) -> Introspection:
    """What there is to know of ``token``, any text; that it is not active, never why, unless it is alive.

    A refresh token is active for the client it was issued to alone: a resource server that takes whatever is active
    would otherwise let in who stole one. Raises :class:`UnauthorizedClientError` for a client without the scope
    ``tokens:introspect``.
    """
    if INTROSPECT not in client.scopes:
        raise UnauthorizedClientError
    try:
        return _of_access_token(verifier().verify(token))
    except TokenRefusedError:
        return _of_refresh_token(sandbox, client, token)
    except InvalidTokenException:
        return {"active": False}


def _of_access_token(token: AccessToken) -> Introspection:
    key = user_key(token.sandbox, token.subject)
    user = require_alive(Session.from_token(token), [key]).get(key)
    known: Introspection = {
        "active": True,
        "scope": token.scope,
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": token.expires_at,
        "iat": token.issued_at,
        "nbf": token.not_before,
        "sub": token.subject,
        "aud": settings().audience,
        "iss": settings().issuer,
        "jti": token.token_id,
        "sandbox": token.sandbox,
    }
    return known if user is None else {**known, "username": user["username"]}


def _of_refresh_token(sandbox: str, client: Client, token: str) -> Introspection:
    found = token_families.find(sandbox, token)
    if found is None:
        return {"active": False}
    family_id, item, refresh_token = found
    family = token_families.live(sandbox, client, family_id, item, clock.seconds(sandbox))
    if family is None or "used_at" in refresh_token:
        return {"active": False}
    return {
        "active": True,
        "scope": family.scope,
        "client_id": family.client_id,
        "exp": family.expires_at,
        "sub": family.subject,
        "iss": settings().issuer,
        "sandbox": sandbox,
    }
