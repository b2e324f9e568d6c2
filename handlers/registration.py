"""The routes where clients register themselves, and manage what they registered (RFC 7591, RFC 7592)."""

import re
from typing import TYPE_CHECKING, Final

from routes import ADMIN
from services.identity import client_registration
from utils.errors import PSNEmulatorException, ValidationException
from utils.http import Request, Response
from utils.oauth_errors import (
    BearerTokenException,
    InsufficientScopeException,
    InvalidClientMetadataException,
    InvalidRedirectURIException,
    InvalidRequestException,
)
from utils.settings import settings

if TYPE_CHECKING:
    from models.registration import ClientMetadata

_BEARER: Final = re.compile(r"(?i:Bearer) ([A-Za-z0-9._~+/-]+=*)")
_NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def register(request: Request) -> Response:
    """Register a client.

    By itself (RFC 7591): on stacks with open registration without a token, on others with an access token of
    `emulator:admin` of the sandbox, the initial access token. Only that one gives a client reserved scopes.

    Answers:
        201: The client, with its secret and the token that manages it.
    """
    from models.registration import ClientMetadata

    by_admin = _is_by_admin(request)
    metadata = _metadata(request, ClientMetadata)
    client = client_registration.register(request.sandbox, metadata, by_admin=by_admin)
    return Response(201, client, {**_NO_STORE, "Location": client["registration_client_uri"]})


def read(request: Request) -> Response:
    """Read a registered client.

    With its registration access token (RFC 7592). Its secret is not told again.

    Answers:
        200: The client.
    """
    client_id, token = request.path_parameters["client_id"], _bearer(request)
    return Response(200, client_registration.read(request.sandbox, client_id, token), _NO_STORE)


def update(request: Request) -> Response:
    """Replace what a client registered.

    With its registration access token (RFC 7592); what the body leaves out goes back to its default.

    Answers:
        200: The client, with a secret if it has a new one.
    """
    from models.registration import ClientUpdate

    client_id, token = request.path_parameters["client_id"], _bearer(request)
    client_registration.read(request.sandbox, client_id, token)
    metadata = _metadata(request, ClientUpdate)
    return Response(200, client_registration.update(request.sandbox, client_id, token, metadata), _NO_STORE)


def delete(request: Request) -> Response:
    """Delete a registered client.

    With its registration access token (RFC 7592). Its tokens end.

    Answers:
        204: There is no such client any more.
    """
    client_registration.remove(request.sandbox, request.path_parameters["client_id"], _bearer(request))
    return Response(204)


def _bearer(request: Request) -> str | None:
    """The bearer token of the request, of whatever kind; ``None`` where there is none."""
    bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return bearer[1] if bearer else None


def _is_by_admin(request: Request) -> bool:
    """Whether the request has an initial access token; raises where it has none and needs one, or a bad one."""
    from services.identity.access_token_verifier import TokenRefusedError, verifier
    from services.identity.sessions import InvalidTokenException, Session, require_alive

    if "authorization" not in request.headers:
        if settings().open_registration:
            return False
        raise BearerTokenException("Clients register here with an access token of emulator:admin.")
    try:
        token = verifier().verify(_bearer(request) or "")
        session = Session.from_token(token)
        if session.sandbox.universe != request.sandbox.universe:
            raise BearerTokenException("The access token is of another sandbox.")
        require_alive(session)
    except (TokenRefusedError, InvalidTokenException):
        raise BearerTokenException("The access token is malformed, not ours, or not alive.") from None
    if ADMIN not in token.scopes:
        raise InsufficientScopeException(ADMIN)
    return True


def _metadata[M: "ClientMetadata"](request: Request, model: type[M]) -> M:
    """The body as ``model``; what is wrong with it is told by RFC 7591 section 3.2.2."""
    try:
        return request.body(model)
    except ValidationException as error:
        fields = {fault.field.partition(".")[0] for fault in error.errors}
        if fields <= {"redirect_uris", "post_logout_redirect_uris"}:
            raise InvalidRedirectURIException("A redirect URI is malformed or refused.") from None
        named = ", ".join(sorted(fields & model.model_fields.keys())) or "the body"
        raise InvalidClientMetadataException(f"Malformed or not offered: {named}.") from None
    except PSNEmulatorException as error:
        raise InvalidRequestException(error.detail) from None
