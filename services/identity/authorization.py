"""From an authorization request to a code: login, consent and grant, each of the first two only where it is needed."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from services import clock
from services.identity import authorization_codes, claims, consents
from services.identity.authorization_codes import Authorization
from services.identity.authorization_errors import ConsentRequiredException, LoginRequiredException
from services.identity.authorization_request import AuthorizationRequest, ClientRedirect
from services.identity.browser_sessions import LiveSession, listing
from services.identity.scopes import granted
from utils.sandbox import Sandbox
from utils.table import ConditionFailedError


@dataclass(frozen=True, slots=True)
class Interaction:
    """What the user has to do before the client gets a code: log in, or consent.

    ``scope`` is what the user consents to: what the client would be granted, and the scopes of the claims that its
    request names. Empty before a login.
    """

    prompt: Literal["login", "consent"]
    scope: str = ""


def next_step(
    sandbox: Sandbox,
    client_redirect: ClientRedirect,
    request: AuthorizationRequest,
    session: LiveSession | None,
) -> Interaction | str:
    """The interaction that the user has yet to go through, or the authorization code when there is none left.

    Raises :class:`LoginRequiredException` and :class:`ConsentRequiredException` when the client wants the user not to
    be asked (``prompt=none``), the former also when another user than the ``id_token_hint`` names is logged in, and
    :class:`InvalidScopeException`.
    """
    if session is None or not request.accepts(session, clock.now(sandbox)):
        if request.is_silent:
            raise LoginRequiredException("The user is not logged in, or too long ago.")
        return Interaction("login")
    if request.subject not in {None, session.subject}:
        raise LoginRequiredException("Another user is logged in.")
    scope = scope_for(session, client_redirect, request)
    consented = consent_scope(session, client_redirect, request)
    if _needs_consent(sandbox, client_redirect, request, session, consented):
        if request.is_silent:
            raise ConsentRequiredException("The user has not consented to this.")
        return Interaction("consent", consented)
    try:
        return _grant(sandbox, client_redirect, request, session, scope)
    except ConditionFailedError:  # the user has logged out meanwhile
        return next_step(sandbox, client_redirect, request, None)


def scope_for(session: LiveSession, client_redirect: ClientRedirect, request: AuthorizationRequest) -> str:
    """The scope that the client would be granted; raises :class:`InvalidScopeException` if the user may not give it."""
    return granted(request.scope, client_redirect.client.allowed(session.user.scopes))


def consent_scope(
    session: LiveSession, client_redirect: ClientRedirect, request: AuthorizationRequest
) -> str:
    """What the user is asked to consent to: :func:`scope_for`, and the scopes of the claims that the request names.

    Raises as that does.
    """
    scope = scope_for(session, client_redirect, request)
    of_claims = client_redirect.client.allowed(session.user.scopes)
    named = [name for name in claims.scopes_of(request.claims) if name in of_claims]
    return " ".join(dict.fromkeys([*scope.split(" "), *named]))


def _needs_consent(
    sandbox: Sandbox,
    client_redirect: ClientRedirect,
    request: AuthorizationRequest,
    session: LiveSession,
    scope: str,
) -> bool:
    if "consent" in request.prompts:
        return True
    client = client_redirect.client
    asks = client.consent and not request.is_automatic
    return asks and not consents.has_consented(sandbox, session.user, client, scope)


def _grant(
    sandbox: Sandbox,
    client_redirect: ClientRedirect,
    request: AuthorizationRequest,
    session: LiveSession,
    scope: str,
) -> str:
    return authorization_codes.issue_code(
        sandbox,
        Authorization(
            client_id=client_redirect.client.client_id,
            redirect_uri=client_redirect.redirect_uri,
            subject=session.subject,
            scope=scope,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            auth_time=int(session.authenticated_at.timestamp()),
            basis=session.basis_for(client_redirect.client),
            audience=request.audience,
            claims=request.claims,
            acr=request.acr,
        ),
        partial(listing, sandbox, session),
    )
