"""The token endpoint: the grants of RFC 6749 as a form, and a simple form in JSON for callers without a library."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from handlers.client_authentication import authenticated_client, form_of, required
from models.problems import FieldError
from utils import metrics
from utils.errors import PSNEmulatorException, ValidationException
from utils.http import JSON_TYPE, Request, Response
from utils.oauth_errors import InvalidRequestException, UnsupportedGrantTypeException
from utils.validation import NO_OBJECT, validated
from utils.writes import Key

if TYPE_CHECKING:
    from pydantic import BaseModel

    from models.auth import Tokens
    from models.auth_body import LoginBody
    from services.identity.seed import Client

type Form = Mapping[str, str]

_RESOURCE: Final = "resource"
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""The headers of every answer that contains a token (RFC 6749 section 5.1)."""


def token(request: Request) -> Response:
    """Get tokens.

    The grants of OAuth 2.0 as a form, from a client that authenticates by HTTP Basic or in the form; or,
    as the simple form, username and password in JSON, without a client.

    Answers:
        200: The tokens.
    """
    from models.auth_body import LoginBody
    from services.identity.seed import FIRST_PARTY_CLIENT

    if request.media_type == JSON_TYPE:
        return _answer(request, _log_in(request, FIRST_PARTY_CLIENT, _valid(LoginBody, request.json)))
    return _answer(request, _grant(request))


def login_keys(request: Request) -> list[Key]:
    """The keys of what the login reads that the simple form asks for; none for another request."""
    from models.auth_body import LoginBody
    from services.identity import users

    if request.media_type != JSON_TYPE:
        return []
    try:
        login = _valid(LoginBody, request.json)
    except PSNEmulatorException:
        return []
    return users.login_keys(request.sandbox, login.username, request.source)


def refresh(request: Request) -> Response:
    """Get the next tokens for a refresh token.

    The simple form of the refresh grant. A refresh token is good once.

    Answers:
        200: The tokens.
    """
    from models.auth_body import RefreshBody
    from services.identity.refresh_tokens import rotate
    from services.identity.seed import FIRST_PARTY_CLIENT

    body = _valid(RefreshBody, request.json)
    return _answer(
        request,
        rotate(request.sandbox, FIRST_PARTY_CLIENT, body.refresh_token.get_secret_value(), body.scope),
    )


def _grant(request: Request) -> "Tokens":
    from services.identity.clients import require_grant

    form = form_of(request, repeatable=(_RESOURCE,))
    grant_type = required(form, "grant_type")
    if grant_type not in GRANTS:
        raise UnsupportedGrantTypeException(f"The grants are {', '.join(GRANTS)}.")
    client = authenticated_client(request, form)
    require_grant(client, grant_type)
    return GRANTS[grant_type](request, client, form)


def _by_code(request: Request, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import CodeBody
    from services.identity.authorization_codes import redeem

    body = _fields(CodeBody, form)
    code = body.code.get_secret_value()
    verifier = body.code_verifier.get_secret_value() if body.code_verifier else None
    return redeem(request.sandbox, client, code, body.redirect_uri, verifier, resources=_resources(request))


def _by_refresh_token(request: Request, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import RefreshBody
    from services.identity.refresh_tokens import rotate

    body = _fields(RefreshBody, form)
    return rotate(
        request.sandbox, client, body.refresh_token.get_secret_value(), body.scope, _resources(request)
    )


def _by_password(request: Request, client: "Client", form: Form) -> "Tokens":
    from models.auth_body import LoginBody

    return _log_in(request, client, _fields(LoginBody, form), _resources(request))


def _by_client_credentials(request: Request, client: "Client", form: Form) -> "Tokens":
    """A token of the client itself, without the scopes of users and without a refresh token (RFC 6749 section 4.4)."""
    from models.auth_body import ClientCredentialsBody
    from services.identity.refresh_tokens import open_family
    from services.identity.resources import audience_of
    from services.identity.scopes import OF_USERS, granted

    body = _fields(ClientCredentialsBody, form)
    scope = granted(body.scope, [scope for scope in client.scopes if scope not in OF_USERS])
    audience = audience_of(request.sandbox, _resources(request), client)
    return open_family(request.sandbox, client, None, scope, refreshable=False, audience=audience)


def _log_in(
    request: Request, client: "Client", login: "LoginBody", resources: Sequence[str] = ()
) -> "Tokens":
    from services.identity.refresh_tokens import open_family
    from services.identity.resources import audience_of
    from services.identity.scopes import granted
    from services.identity.users import authenticate

    audience = audience_of(request.sandbox, resources, client)
    user = authenticate(
        request.sandbox, login.username, login.password.get_secret_value(), request.source, request.items
    )
    scope = granted(login.scope, client.allowed(user.scopes))
    refreshable = "refresh_token" in client.grant_types
    return open_family(request.sandbox, client, user, scope, refreshable=refreshable, audience=audience)


GRANTS: Final[Mapping[str, Callable[[Request, "Client", Form], "Tokens"]]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh_token,
    "client_credentials": _by_client_credentials,
    "password": _by_password,
}
"""The grants of the form by their ``grant_type``: of request, client and form the tokens."""


def _resources(request: Request) -> list[str]:
    """The values of the parameter ``resource``, which may be repeated (RFC 8707 section 2)."""
    return [value for name, value in request.form_pairs() if name == _RESOURCE]


def _fields[M: BaseModel](model: type[M], form: Form) -> M:
    """The fields of ``form`` that ``model`` has; others are ignored (RFC 6749 section 3.2)."""
    return _valid(model, lambda: {name: form[name] for name in model.model_fields if name in form})


def _valid[M: BaseModel](model: type[M], read: Callable[[], Any]) -> M:
    """What ``read`` returns as ``model``; any error of either is an ``invalid_request`` (RFC 6749 section 5.2)."""
    try:
        return validated(model, read())
    except ValidationException as error:
        raise InvalidRequestException(_description(error.errors, model)) from None
    except PSNEmulatorException as error:
        raise InvalidRequestException(error.detail) from None


def _description(errors: Sequence[FieldError], model: "type[BaseModel]") -> str:
    """The ``error_description``: names the fields of ``model`` only, never one that the caller made up."""
    if NO_OBJECT in errors:
        return NO_OBJECT.message
    fields = {error.field for error in errors}
    invalid = [name for name in model.model_fields if name in fields]
    if invalid:
        return f"Missing or malformed: {', '.join(invalid)}."
    return f"The body has a member other than {', '.join(model.model_fields)}."


def _answer(request: Request, tokens: "Tokens") -> Response:
    metrics.count("TokensIssued", Route=request.route)
    body = {name: value for name, value in asdict(tokens).items() if value is not None}
    return Response(200, body, _NO_STORE)
