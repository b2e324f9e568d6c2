"""Reading a logout request (OpenID Connect RP-Initiated Logout 1.0 section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.id_token_hint import read_hint
from services.identity.seed import seed
from utils.oauth_errors import InvalidRequestError


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """Who should log out, as the client's id token says it, and where the browser goes then: a registered URI."""

    subject: str | None
    redirect_uri: str | None
    state: str | None


def read_logout(pairs: Sequence[tuple[str, str]]) -> LogoutRequest:
    """The request in the parameters.

    An ``id_token_hint`` that is none of ours counts for nothing. Raises :class:`InvalidRequestError` for a repeated
    parameter, a client that is unknown or not the one of the id token, and a URI that the client has not registered.
    """
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise InvalidRequestError("A parameter is repeated.")
    id_token = parameters.get("id_token_hint")
    hint = read_hint(id_token) if id_token is not None else None
    named = parameters.get("client_id")
    if hint and named not in {None, hint.client_id}:
        raise InvalidRequestError("The parameter client_id is not the client of the id_token_hint.")
    client_id = hint.client_id if hint else named
    client = seed().clients.get(client_id or "")
    if client_id is not None and client is None:
        raise InvalidRequestError("The parameter client_id names no client.")
    redirect_uri = parameters.get("post_logout_redirect_uri")
    if redirect_uri is not None and (client is None or redirect_uri not in client.post_logout_redirect_uris):
        raise InvalidRequestError("The parameter post_logout_redirect_uri is not registered.")
    return LogoutRequest(hint.subject if hint else None, redirect_uri, parameters.get("state"))
