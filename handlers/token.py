"""The token endpoint: RFC 6749's form with its grants, and a simple form in JSON for those without a library."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from handlers.client_authentication import authenticated_client, form_of, required
from models.responses import FieldError
from utils.errors import PSNEmulatorException, ValidationException
from utils.http import FORM_TYPE, Request, Response
from utils.oauth_errors import InvalidRequestError, UnsupportedGrantTypeError
from utils.validation import NO_OBJECT, validated

if TYPE_CHECKING:
    from pydantic import BaseModel

    from models.auth import Tokens
    from services.identity.seed import Client

type Form = Mapping[str, str]

_NOT_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""What RFC 6749 section 5.1 wants of every answer that holds a token."""


def token(request: Request) -> Response:
    """Get tokens.

    The grants of OAuth 2.0 as a form, from a client that authenticates by HTTP Basic or in the form; or,
    as the simple form, username and password in JSON, without a client.

    Answers:
        200: The tokens.
    """
    from models.auth_body import LoginBody
    from services.identity.grants import password
    from services.identity.seed import SIMPLE_CLIENT

    if request.media_type == FORM_TYPE:
        return _answer(_granted(request))
    login = _valid(LoginBody, request.json)
    secret = login.password.get_secret_value()
    return _answer(password(request.sandbox, SIMPLE_CLIENT, login.username, secret, login.scope))


def refresh(request: Request) -> Response:
    """Get the next tokens for a refresh token.

    The simple form of the refresh grant. A refresh token is good once.

    Answers:
        200: The tokens.
    """
    from models.auth_body import RefreshBody
    from services.identity.refresh_tokens import rotate
    from services.identity.seed import SIMPLE_CLIENT

    body = _valid(RefreshBody, request.json)
    return _answer(rotate(request.sandbox, SIMPLE_CLIENT, body.refresh_token.get_secret_value(), body.scope))


def _granted(request: Request) -> "Tokens":
    from services.identity.clients import require_grant

    form = form_of(request)
    grant_type = required(form, "grant_type")
    if grant_type not in GRANTS:
        raise UnsupportedGrantTypeError(f"The grants are {', '.join(GRANTS)}.")
    client = authenticated_client(request, form)
    require_grant(client, grant_type)
    return GRANTS[grant_type](request.sandbox, client, form)


def _by_code(sandbox: str, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import CodeBody
    from services.identity.authorization_codes import redeem

    body = _fields(CodeBody, form)
    code, verifier = body.code.get_secret_value(), body.code_verifier.get_secret_value()
    return redeem(sandbox, client, code, body.redirect_uri, verifier)


def _by_refresh_token(sandbox: str, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import RefreshBody
    from services.identity.refresh_tokens import rotate

    body = _fields(RefreshBody, form)
    return rotate(sandbox, client, body.refresh_token.get_secret_value(), body.scope)


def _by_password(sandbox: str, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import LoginBody
    from services.identity.grants import password

    login = _fields(LoginBody, form)
    return password(sandbox, client, login.username, login.password.get_secret_value(), login.scope)


def _by_client_credentials(sandbox: str, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import ClientCredentialsBody
    from services.identity.grants import client_credentials

    return client_credentials(sandbox, client, _fields(ClientCredentialsBody, form).scope)


GRANTS: Final[Mapping[str, Callable[[str, "Client", Form], "Tokens"]]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh_token,
    "client_credentials": _by_client_credentials,
    "password": _by_password,
}
"""The grants that a form may ask for."""


def _fields[M: BaseModel](model: type[M], form: Form) -> M:
    """What ``model`` takes of the form; the rest is for others, or unknown and ignored (RFC 6749 section 3.2)."""
    return _valid(model, lambda: {name: form[name] for name in model.model_fields if name in form})


def _valid[M: BaseModel](model: type[M], read: Callable[[], Any]) -> M:
    """What was read, as ``model``; whatever is wrong is an ``invalid_request`` here (RFC 6749 section 5.2)."""
    try:
        return validated(model, read())
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
    given = {name: value for name, value in asdict(tokens).items() if value is not None}
    return Response(200, given, _NOT_KEPT)
