"""Reading a logout request (OpenID Connect RP-Initiated Logout 1.0 section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.identity import accounts
from services.identity.id_token_hint import read_hint
from services.identity.registration import unregistered
from utils.oauth_errors import InvalidRequestException
from utils.sandbox import Sandbox

PARAMETERS: Final = frozenset(
    {
        "id_token_hint",
        "logout_hint",
        "client_id",
        "post_logout_redirect_uri",
        "state",
        "ui_locales",
        "sandbox",
    }
)
"""What a request may have (RP-Initiated Logout 1.0 section 2, and ours), read or not."""


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What a client asks for: the user of its ID token is to log out, and is then sent to ``redirect_uri``.

    ``redirect_uri`` is a registered one; all three are ``None`` where the request has none.
    """

    subject: str | None
    redirect_uri: str | None
    state: str | None


def read_logout(sandbox: Sandbox, pairs: Sequence[tuple[str, str]]) -> LogoutRequest:
    """The request in these parameters.

    An ``id_token_hint`` that is no ID token of ours is ignored, unless it was to tell the client of a redirect. Raises
    :class:`InvalidRequestException` for a repeated parameter, a client that is unknown or not the one of the ID token,
    and a URI of no client or one that the client has not registered.
    """
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise InvalidRequestException("A parameter is repeated.")
    id_token = parameters.get("id_token_hint")
    hint = read_hint(sandbox, id_token) if id_token is not None else None
    client_id = parameters.get("client_id")
    if hint and client_id not in {None, hint.client_id}:
        raise InvalidRequestException("The parameter client_id is not the client of the id_token_hint.")
    if hint:
        client_id = hint.client_id
    client = accounts.find_client(sandbox, client_id or "")
    if client_id is not None and client is None:
        raise unregistered("client_id", client_id, accounts.client_ids(sandbox))
    redirect_uri = parameters.get("post_logout_redirect_uri")
    if redirect_uri is not None and client is None:
        raise InvalidRequestException(
            "A post_logout_redirect_uri takes an id_token_hint or a client_id."
            if id_token is None
            else "The parameter id_token_hint is no ID token of this issuer."
        )
    if redirect_uri is not None and client is not None and not client.may_log_out_to(redirect_uri):
        raise unregistered("post_logout_redirect_uri", redirect_uri, client.post_logout_redirect_uris)
    return LogoutRequest(hint.subject if hint else None, redirect_uri, parameters.get("state"))
