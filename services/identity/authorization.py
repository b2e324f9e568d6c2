"""From an authorization request to a code: log in, consent, grant; each only where it is needed."""

from dataclasses import dataclass
from typing import Literal

from services import clock
from services.identity import authorization_codes, consents
from services.identity.authorization_codes import Authorization
from services.identity.authorization_request import AuthorizationRequest, Destination
from services.identity.browser_sessions import BrowserSession, note_family
from services.identity.scopes import granted
from utils.authorization_errors import ConsentRequiredError, LoginRequiredError


@dataclass(frozen=True, slots=True)
class Question:
    """What the user is to be asked next. ``scope`` is what the client would be granted; none before a login."""

    about: Literal["login", "consent"]
    scope: str = ""


def advance(
    sandbox: str, destination: Destination, request: AuthorizationRequest, session: BrowserSession | None
) -> Question | str:
    """The code for the client, or the question that the user has yet to answer.

    Raises :class:`LoginRequiredError` and :class:`ConsentRequiredError` when the client wants no question asked,
    the former also when another user than the expected one is logged in, and :class:`InvalidScopeError`.
    """
    if session is None or not request.accepts(session, clock.now(sandbox)):
        if request.silent:
            raise LoginRequiredError("The user is not logged in, or too long ago.")
        return Question("login")
    if request.subject not in {None, session.subject}:
        raise LoginRequiredError("Another user is logged in.")
    scope = scope_for(session, destination, request)
    if _wants_consent(sandbox, destination, request, session, scope):
        if request.silent:
            raise ConsentRequiredError("The user has not consented to this.")
        return Question("consent", scope)
    return _grant(sandbox, destination, request, session, scope)


def scope_for(session: BrowserSession, destination: Destination, request: AuthorizationRequest) -> str:
    """What the client would be granted; :class:`InvalidScopeError` for more than this user may give."""
    return granted(request.scope, destination.client.allowed(session.scopes))


def _wants_consent(
    sandbox: str, destination: Destination, request: AuthorizationRequest, session: BrowserSession, scope: str
) -> bool:
    if "consent" in request.prompts:
        return True
    client = destination.client
    return client.consent and not consents.given(sandbox, session.subject, client.client_id, scope)


def _grant(
    sandbox: str, destination: Destination, request: AuthorizationRequest, session: BrowserSession, scope: str
) -> str:
    code, family = authorization_codes.open_code(
        sandbox,
        Authorization(
            client_id=destination.client.client_id,
            redirect_uri=destination.redirect_uri,
            subject=session.subject,
            scope=scope,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            auth_time=int(session.authenticated_at.timestamp()),
        ),
    )
    note_family(sandbox, session, family)
    return code
