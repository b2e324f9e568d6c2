"""The identity provider's routes about issued tokens; errors have their RFCs' shapes (6749 section 5.2, 6750 3)."""

from typing import Final

from handlers.client_authentication import authenticated_client, form_of, required
from handlers.dispatch import preload
from services.identity.sessions import InvalidTokenException
from utils.http import Request, Response
from utils.oauth_errors import BearerTokenException

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="psn-emulator"'}


@preload("services.identity.clients", "services.identity.issued_tokens")
def revoke(request: Request) -> Response:
    """``POST /auth/revoke``: revokes a token (RFC 7009); the same 200 for text that is no token."""
    from services.identity import issued_tokens

    form = form_of(request)
    client = authenticated_client(request, form)
    issued_tokens.revoke(request.sandbox, client, required(form, "token"))
    return Response(200)


@preload("services.identity.clients", "services.identity.issued_tokens")
def introspect(request: Request) -> Response:
    """``POST /auth/introspect``: a token's state and claims (RFC 7662), for clients with ``tokens:introspect``."""
    from services.identity import issued_tokens

    form = form_of(request)
    client = authenticated_client(request, form)
    return Response(200, issued_tokens.introspect(request.sandbox, client, required(form, "token")))


@preload("services.identity.userinfo")
def userinfo(request: Request) -> Response:
    """``GET /auth/userinfo``: claims about the user of the access token (OpenID Connect Core section 5.3).

    The route has no authorizer, whose 401 would lack OAuth's challenge, so the token is verified here.
    """
    from services.identity.access_token_verifier import TokenRefusedError, bearer_token, verifier
    from services.identity.userinfo import user_info

    authorization = request.headers.get("authorization")
    if authorization is None:
        return Response(401, headers=_CHALLENGE)
    try:
        return Response(200, user_info(verifier().verify(bearer_token(authorization))))
    except TokenRefusedError:
        raise BearerTokenException("The access token is malformed or not ours.") from None
    except InvalidTokenException as error:
        raise BearerTokenException(error.detail) from None
