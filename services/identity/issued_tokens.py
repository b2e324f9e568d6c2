"""What a client may do with tokens that were issued: revoke them (RFC 7009) and ask about them (RFC 7662)."""

from models.auth import Introspection
from routes import INTROSPECT
from services import clock
from services.identity import accounts, token_families
from services.identity.access_token_verifier import AccessToken, TokenRefusedError, issued_verifier
from services.identity.seed import Client
from services.identity.sessions import InvalidTokenException, Session, family_key, require_alive, user_key
from utils import table
from utils.oauth_errors import InvalidGrantException, InvalidRequestException, UnauthorizedClientException
from utils.sandbox import Sandbox
from utils.settings import settings

_INACTIVE: Introspection = {"active": False}


def revoke(sandbox: Sandbox, client: Client, token: str) -> None:
    """Revoke ``token``, any text, and with it all tokens of its family, as RFC 7009 section 2.1 allows.

    Does nothing if it is no token of ours. Raises :class:`InvalidGrantException` for a token of another client,
    :class:`InvalidRequestException` for one of another sandbox.
    """
    try:
        access_token = _verified(sandbox, token)
    except TokenRefusedError:
        if token_families.sandbox_of(token) not in {None, sandbox.name}:
            raise InvalidRequestException("The token is of another sandbox.") from None
        refresh_token = token_families.find_refresh_token(sandbox, token)
        if refresh_token is None:
            return
        client_id, family_id = refresh_token.family["client_id"], refresh_token.family_id
    else:
        session = Session.from_token(access_token)
        if session.sandbox.name != sandbox.name:
            raise InvalidRequestException("The token is of another sandbox.")
        if session.sandbox.generation != sandbox.generation:
            return  # it ended with its generation
        client_id, family_id = access_token.client_id, session.family
    if client_id != client.client_id:
        raise InvalidGrantException("The token was issued to another client.")
    token_families.revoke(sandbox, family_id)


def introspect(sandbox: Sandbox, client: Client, token: str) -> Introspection:
    """The state and claims of ``token``, any text: ``{"active": False}`` without a reason unless it is alive.

    A refresh token is active for the client it was issued to alone: a resource server that takes whatever is active
    would otherwise let in who stole one. Raises :class:`UnauthorizedClientException` for a client without the scope
    ``tokens:introspect``.
    """
    if INTROSPECT not in client.scopes:
        raise UnauthorizedClientException
    try:
        return _access_token(sandbox, _verified(sandbox, token))
    except TokenRefusedError:
        return _refresh_token(sandbox, client, token)
    except InvalidTokenException:
        return _INACTIVE


def _verified(sandbox: Sandbox, token: str) -> AccessToken:
    """The claims of an access token of ours: for the API, for what its client may ask for (RFC 8707), or for whom it
    was granted. Raises :class:`TokenRefusedError`."""
    verified = issued_verifier().verify(token)
    client = accounts.find_client(sandbox, verified.client_id)
    known = {settings().audience, *((*client.resources, *client.audience) if client else ())}
    audience = {verified.audience} if isinstance(verified.audience, str) else {*verified.audience}
    if not audience & known and not audience <= _granted_audience(verified):
        raise TokenRefusedError("audience")
    return verified


def _granted_audience(token: AccessToken) -> set[str]:
    """Who the tokens of the token's family are for, where that is not the API alone."""
    session = Session.from_token(token)
    family = table.get(family_key(session.sandbox, session.family)) or {}
    return {*family.get("audience", ())}


def _access_token(sandbox: Sandbox, token: AccessToken) -> Introspection:
    key, session = user_key(sandbox, token.subject), Session.from_token(token)
    if session.sandbox.universe != sandbox.universe:
        return _INACTIVE
    _, items = require_alive(session, [key])
    token_families.require_standing(sandbox, session.family, items)
    user = items.get(key)
    introspection: Introspection = {
        "active": True,
        "scope": token.scope,
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": token.expires_at,
        "iat": token.issued_at,
        "nbf": token.not_before,
        "sub": token.subject,
        "aud": list(token.audience) if isinstance(token.audience, tuple) else token.audience,
        "iss": token.issuer,
        "jti": token.token_id,
        "sandbox": token.sandbox,
    }
    return introspection if user is None else {**introspection, "username": user["username"]}


def _refresh_token(sandbox: Sandbox, client: Client, token: str) -> Introspection:
    refresh_token = token_families.find_refresh_token(sandbox, token)
    if refresh_token is None or "used_at" in refresh_token.item:
        return _INACTIVE
    family = token_families.live_family(
        sandbox, client, refresh_token.family_id, refresh_token.family, clock.seconds(sandbox)
    )
    if family is None:
        return _INACTIVE
    return {
        "active": True,
        "scope": family.scope,
        "client_id": family.client_id,
        "exp": family.expires_at,
        "sub": family.subject,
        "iss": family.issuer,
        "sandbox": sandbox.name,
    }
