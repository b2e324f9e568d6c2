"""The identity provider's routes about tokens that were issued. What they refuse, they refuse in their RFCs' shapes."""

from typing import Final

from handlers.client_authentication import authenticated_client, form_of, required
from handlers.dispatch import preload
from utils.errors import InvalidTokenException
from utils.http import Request, Response
from utils.oauth_errors import BearerTokenError

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="psn-emulator"'}


@preload("services.identity.clients", "services.identity.revocation")
def revoke(request: Request) -> Response:
    """``POST /auth/revoke``: the end of a token (RFC 7009); the same answer for one that there is not."""
    from services.identity.revocation import revoke

    form = form_of(request)
    client = authenticated_client(request, form)
    revoke(request.sandbox, client, required(form, "token"))
    return Response(200)


@preload("services.identity.clients", "services.identity.introspection")
def introspect(request: Request) -> Response:
    """``POST /auth/introspect``: what a token is worth, for clients with the scope (RFC 7662)."""
    from services.identity.introspection import introspect

    form = form_of(request)
    client = authenticated_client(request, form)
    return Response(200, introspect(request.sandbox, client, required(form, "token")))


@preload("services.identity.userinfo")
def userinfo(request: Request) -> Response:
    """``GET /auth/userinfo``: the claims of the bearer, whose token no authorizer has looked at before."""
    from services.identity.access_token_verifier import TokenRefusedError, bearer_token, verifier
    from services.identity.userinfo import claims

    authorization = request.headers.get("authorization")
    if authorization is None:
        return Response(401, headers=_CHALLENGE)
    try:
        return Response(200, claims(verifier().verify(bearer_token(authorization))))
    except TokenRefusedError:
        raise BearerTokenError("The access token is malformed or not ours.") from None
    except InvalidTokenException as error:
        raise BearerTokenError(error.detail) from None
