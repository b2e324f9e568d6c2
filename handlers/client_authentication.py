"""The client's credentials in a request: by HTTP Basic or in the form, never both (RFC 6749 section 2.3.1)."""

import re
from base64 import b64decode
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from utils.errors import PSNEmulatorException
from utils.http import Request
from utils.oauth_errors import InvalidClientException, InvalidRequestException

if TYPE_CHECKING:
    from services.identity.seed import Client

_ASSERTION: Final = frozenset({"client_assertion", "client_assertion_type"})
_BASIC: Final = re.compile(r"basic +([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)


def form_of(request: Request, *, repeatable: Collection[str] = ()) -> Mapping[str, str]:
    """The request's form by name, without the parameters ``repeatable``.

    Any error of it is an :class:`InvalidRequestException`.
    """
    try:
        return request.form(repeatable)
    except PSNEmulatorException as error:
        raise InvalidRequestException(error.detail) from None


def required(form: Mapping[str, str], name: str) -> str:
    """The parameter ``name`` of ``form``; :class:`InvalidRequestException` when it is missing."""
    if name not in form:
        raise InvalidRequestException(f"The parameter {name} is missing.")
    return form[name]


def authenticated_client(request: Request, form: Mapping[str, str]) -> "Client":
    """The client that sends ``request`` with ``form``; a public one is named there and has no secret.

    Libraries that authenticate by Basic may repeat the ``client_id`` in the form, which must then be the same, and send
    an empty secret for a public client (RFC 6749 section 2.3.1). Raises :class:`InvalidClientException`, also for an
    assertion (RFC 7521 section 4.2), and :class:`InvalidRequestException`.
    """
    from services.identity.clients import authenticate

    if not _ASSERTION.isdisjoint(form):
        raise InvalidClientException("Clients authenticate by their secret, not by an assertion.")
    authorization = request.headers.get("authorization")
    if authorization is None:
        if "client_id" not in form:
            raise InvalidClientException
        return authenticate(request.sandbox, form["client_id"], form.get("client_secret"), request.source)
    if "client_secret" in form:
        raise InvalidRequestException("The client authenticates twice.")
    client_id, secret = _credentials(authorization)
    if form.get("client_id", client_id) != client_id:
        raise InvalidRequestException("The form names another client.")
    return authenticate(request.sandbox, client_id, secret or None, request.source)


def _credentials(authorization: str) -> tuple[str, str]:
    """Id and secret in an ``Authorization`` header, each form-encoded (RFC 6749 section 2.3.1)."""
    basic = _BASIC.fullmatch(authorization)
    try:
        joined = b64decode(basic[1], validate=True).decode() if basic else ""
        client_id, colon, secret = joined.partition(":")
        if colon:
            return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except ValueError:
        pass  # Neither base64 nor UTF-8: no credentials either.
    raise InvalidClientException
