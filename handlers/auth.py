"""The identity provider's routes about issued tokens; errors have their RFCs' shapes (6749 section 5.2, 6750 3)."""

from typing import Final

from handlers.client_authentication import authenticated_client, form_of, required
from services.identity.sessions import InvalidTokenException
from utils.http import FORM_TYPE, Request, Response
from utils.oauth_errors import BearerTokenException, InvalidRequestException

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="psn-emulator"'}


def revoke(request: Request) -> Response:
    """End a token.

    And with it all tokens of its family (RFC 7009). What is no token is answered alike.

    Answers:
        200: The token is no good any more.
    """
    from services.identity import issued_tokens

    form = form_of(request)
    client = authenticated_client(request, form)
    issued_tokens.revoke(request.sandbox, client, required(form, "token"))
    return Response(200)


def introspect(request: Request) -> Response:
    """Ask what a token is worth.

    For clients with the scope `tokens:introspect` (RFC 7662).

    Answers:
        200: What there is to know.
    """
    from services.identity import issued_tokens

    form = form_of(request)
    client = authenticated_client(request, form)
    return Response(200, issued_tokens.introspect(request.sandbox, client, required(form, "token")))


def userinfo(request: Request) -> Response:
    """Read the claims of the bearer.

    Answers:
        200: What the token's scopes give.
    """
    return _userinfo(request, request.headers.get("authorization"))


def userinfo_form(request: Request) -> Response:
    """Read the claims of the bearer, whose token may be in the form.

    Either there or in the header (RFC 6750 section 2.2), not in both.

    Answers:
        200: What the token's scopes give.
    """
    authorization = request.headers.get("authorization")
    form = form_of(request) if request.media_type == FORM_TYPE else {}
    if "access_token" not in form:
        return _userinfo(request, authorization)
    if authorization is not None:
        raise InvalidRequestException("The access token is sent twice.")
    return _userinfo(request, f"Bearer {form['access_token']}")


def _userinfo(request: Request, authorization: str | None) -> Response:
    """The answer to what an ``Authorization`` header says; a challenge where there is none.

    Raises :class:`InvalidRequestException` where the request names another sandbox than the token's.
    """
    from services.identity.access_token_verifier import TokenRefusedError, bearer_token, verifier
    from services.identity.userinfo import user_info

    if authorization is None:
        return Response(401, headers=_CHALLENGE)
    try:
        token = verifier().verify(bearer_token(authorization))
        if token.sandbox != request.sandbox.name:
            raise InvalidRequestException("The token is of another sandbox.")
        return Response(200, user_info(token))
    except TokenRefusedError:
        raise BearerTokenException("The access token is malformed or not ours.") from None
    except InvalidTokenException as error:
        raise BearerTokenException(error.detail) from None
