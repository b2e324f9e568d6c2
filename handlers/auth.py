"""The identity provider's routes. What they refuse, they refuse in the shapes of RFC 6749 and RFC 6750."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from handlers.dispatch import preload
from models.responses import FieldError
from utils.errors import (
    BearerTokenError,
    InvalidRequestError,
    InvalidTokenException,
    PSNEmulatorException,
    UnsupportedGrantTypeError,
    ValidationException,
)
from utils.http import FORM_TYPE, NO_OBJECT, Request, Response

if TYPE_CHECKING:
    from pydantic import BaseModel

    from models.auth import Tokens

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="psn-emulator"'}
_NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""What RFC 6749 section 5.1 wants of every answer that holds a token."""


@preload("models.auth_body", "services.refresh", "services.users")
def token(request: Request) -> Response:
    """``POST /auth/token``: a login with username and password in JSON."""
    from models.auth_body import LoginBody
    from services.refresh import open_family
    from services.scopes import granted
    from services.tokens import SIMPLE_CLIENT
    from services.users import authenticate

    if request.media_type == FORM_TYPE:
        _refuse_grant(request.form())
    login = _body(request, LoginBody)
    user = authenticate(request.sandbox, login.username, login.password.get_secret_value())
    scope = granted(login.scope, user.scopes)
    return _answer(open_family(request.sandbox, user.subject, SIMPLE_CLIENT, scope))


@preload("models.auth_body", "services.refresh")
def refresh(request: Request) -> Response:
    """``POST /auth/refresh``: the next tokens for a refresh token in JSON."""
    from models.auth_body import RefreshBody
    from services.refresh import rotate

    body = _body(request, RefreshBody)
    return _answer(rotate(request.sandbox, body.refresh_token.get_secret_value()))


@preload("services.userinfo")
def userinfo(request: Request) -> Response:
    """``GET /auth/userinfo``: the claims of the bearer, whose token no authorizer has looked at before."""
    from services.userinfo import claims
    from utils.access_token import TokenRefusedError, bearer_token, verifier

    authorization = request.headers.get("authorization")
    if authorization is None:
        return Response(401, headers=_CHALLENGE)
    try:
        return Response(200, claims(verifier().verify(bearer_token(authorization))))
    except TokenRefusedError:
        raise BearerTokenError("The access token is malformed or not ours.") from None
    except InvalidTokenException as error:
        raise BearerTokenError(error.detail) from None


def _refuse_grant(form: dict[str, str]) -> NoReturn:
    """The answer to a request in RFC 6749's own form; the grants that it names are dispatched from here."""
    if "grant_type" not in form:
        raise InvalidRequestError("The parameter grant_type is missing.")
    raise UnsupportedGrantTypeError("This form is not served yet; send username and password in JSON.")


def _body[M: BaseModel](request: Request, model: type[M]) -> M:
    """The JSON body; whatever is wrong with it is an ``invalid_request`` here (RFC 6749 section 5.2)."""
    try:
        return request.body(model)
    except ValidationException as error:
        raise InvalidRequestError(_wrong(error.errors, model)) from None
    except PSNEmulatorException as error:
        raise InvalidRequestError(error.detail) from None


def _wrong(faults: Sequence[FieldError], model: "type[BaseModel]") -> str:
    """What is wrong, in a sentence without the names that only the caller knows."""
    if NO_OBJECT in faults:
        return NO_OBJECT.message
    named = {fault.field for fault in faults}
    wrong = [name for name in model.model_fields if name in named]
    return f"Missing or malformed: {', '.join(wrong)}." if wrong else "The body has a member too many."


def _answer(tokens: "Tokens") -> Response:
    return Response(200, tokens, _NOT_KEPT)
