"""``/auth/authorize``: a client sends the user here to log in and to consent, and gets them back with a code.

After a form the browser is redirected to the same request by ``GET``, less what the form has settled, until nothing
is left to ask. So codes are issued in one place, and reloading a page sends no password again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode, urlsplit

from handlers import browser, pages
from routes import path_to
from services.identity import accounts, authorization, consents
from services.identity.authorization import Interaction
from services.identity.authorization_errors import AccessDeniedException, LoginRequiredException
from services.identity.authorization_request import (
    AUTOMATIC,
    PARAMETERS,
    AuthorizationRequest,
    ClientRedirect,
    read_client_redirect,
    read_request,
)
from services.identity.browser_sessions import LiveSession, find_session, open_session, stored_session
from utils import cookies
from utils.http import Pairs, Request, Response
from utils.oauth_errors import InvalidGrantException, InvalidRequestException, OAuthException
from utils.settings import settings

_PATH: Final = path_to("auth-authorize")
_LONGEST_USERNAME: Final = 128
_LONGEST_PASSWORD: Final = 1024
_PROMPTS_OF_A_LOGIN: Final = ("login", "select_account")
"""The values of ``prompt`` that a login settles."""
_SETTLED_BY_A_LOGIN: Final = ("max_age", AUTOMATIC)
"""The parameters that a login on the page settles."""


@browser.html_errors
def show(request: Request) -> Response:
    """Log in and consent.

    Where a client sends the user's browser for an authorization code (RFC 6749, OpenID Connect).

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    pairs = request.query_pairs()
    client_redirect = read_client_redirect(request.sandbox, pairs)
    secret = browser.session_secret(request)
    try:
        authorization_request = read_request(request.sandbox, pairs, client_redirect.client)
        if authorization_request.is_automatic:
            authorization_request, secret = _signed_in(request, authorization_request)
        session = find_session(request.sandbox, secret)
        step = authorization.next_step(request.sandbox, client_redirect, authorization_request, session)
    except OAuthException as error:
        return _with_session(request, browser.see_other(_error_url(client_redirect, error)), secret)
    if isinstance(step, str):
        answer = browser.see_other(_answer_url(client_redirect, code=step))
        return _with_session(request, answer, secret)
    if secret != browser.session_secret(request):
        rest = _without(pairs, prompts=_PROMPTS_OF_A_LOGIN, names=("max_age",))
        answer = browser.see_other(browser.url_with(request.sandbox.url(_PATH), rest))
        return _with_session(
            request, answer, secret
        )  # a page's form is made for the cookie that the browser has
    if session is None or step.prompt == "login":
        return _login_page(request, pairs, client_redirect, username=authorization_request.login_hint)
    return _consent_page(request, pairs, client_redirect, session, step)


@browser.html_errors
def submit(request: Request) -> Response:
    """The form of the login and consent pages.

    A client's request may come as a form too, and is then redirected to be a `GET`.

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    form_pairs = request.form_pairs()
    if browser.is_request(form_pairs):
        return browser.redirect_as_get(request.sandbox.url(_PATH), form_pairs, PARAMETERS)
    form = request.form()
    pairs = request.query_pairs()
    client_redirect = read_client_redirect(request.sandbox, pairs)
    try:
        browser.require_csrf_token(request, form)
    except browser.StaleFormException as error:
        return pages.failure(request, error, again=urlencode(pairs))
    try:
        return _decide(request, form, pairs, client_redirect)
    except OAuthException as error:
        return browser.redirect_after_form(request, _error_url(client_redirect, error))


def _decide(
    request: Request, form: Mapping[str, str], pairs: Pairs, client_redirect: ClientRedirect
) -> Response:
    authorization_request = read_request(request.sandbox, pairs, client_redirect.client)
    match form.get("decision"):
        case "sign-in":
            return _sign_in(request, form, pairs, client_redirect)
        case "allow":
            return _allow(request, pairs, client_redirect, authorization_request)
        case "deny":
            raise AccessDeniedException("The user said no.")
    raise InvalidRequestException("The form has no decision.")


def _sign_in(
    request: Request, form: Mapping[str, str], pairs: Pairs, client_redirect: ClientRedirect
) -> Response:
    from services.identity.users import authenticate

    username, password = form.get("username", ""), form.get("password", "")
    try:
        if len(username) > _LONGEST_USERNAME or len(password) > _LONGEST_PASSWORD:
            raise InvalidGrantException("The username or the password is wrong.")
        user = authenticate(request.sandbox, username, password, request.source)
    except InvalidGrantException as refusal:
        return _login_page(request, pairs, client_redirect, username=username, refusal=refusal)
    previous = stored_session(request.sandbox, browser.session_secret(request))
    secret = open_session(request.sandbox, user, previous)
    answer = _redirect_to_rest(request, pairs, prompts=_PROMPTS_OF_A_LOGIN, names=_SETTLED_BY_A_LOGIN)
    return _with_session(request, answer, secret)


def _signed_in(
    request: Request, authorization_request: AuthorizationRequest
) -> tuple[AuthorizationRequest, str | None]:
    # Loaded only here, as it loads what verifies passwords.
    from services.identity import automatic_login

    return automatic_login.signed_in(request.sandbox, authorization_request, browser.session_secret(request))


def _with_session(request: Request, answer: Response, secret: str | None) -> Response:
    """The answer, with the cookie of the session of this ``secret`` unless the browser has it."""
    if secret is None or secret == browser.session_secret(request):
        return answer
    cookie = cookies.set_cookie(
        browser.SESSION_COOKIE, secret, request.sandbox, same_site=settings().session_cookie_same_site
    )
    return replace(answer, cookies=(cookie,))


def _allow(
    request: Request,
    pairs: Pairs,
    client_redirect: ClientRedirect,
    authorization_request: AuthorizationRequest,
) -> Response:
    session = find_session(request.sandbox, browser.session_secret(request))
    if session is None:
        raise LoginRequiredException("The session ended before the user decided.")
    scope = authorization.consent_scope(session, client_redirect, authorization_request)
    consents.record_consent(request.sandbox, session.user, client_redirect.client, scope)
    return _redirect_to_rest(request, pairs, prompts=("consent",))


def _login_page(
    request: Request,
    pairs: Pairs,
    client_redirect: ClientRedirect,
    *,
    username: str,
    refusal: InvalidGrantException | None = None,
) -> Response:
    return browser.with_csrf_token(
        request,
        lambda csrf_token: pages.login(
            client=client_redirect.client.name,
            query=urlencode(pairs),
            csrf_token=csrf_token,
            username=username[:_LONGEST_USERNAME],
            refusal=refusal,
            documented=accounts.documented_passwords(request.sandbox),
        ),
    )


def _consent_page(
    request: Request,
    pairs: Pairs,
    client_redirect: ClientRedirect,
    session: LiveSession,
    interaction: Interaction,
) -> Response:
    other_account = [*_without(pairs, names=("prompt", AUTOMATIC)), ("prompt", "select_account")]
    return browser.with_csrf_token(
        request,
        lambda csrf_token: pages.consent(
            client=client_redirect.client.name,
            username=session.user.username,
            scopes=interaction.scope.split(" "),
            query=urlencode(pairs),
            other_account=urlencode(other_account),
            csrf_token=csrf_token,
            host=urlsplit(client_redirect.redirect_uri).netloc,
        ),
    )


def _redirect_to_rest(
    request: Request, pairs: Pairs, *, prompts: tuple[str, ...], names: tuple[str, ...] = ()
) -> Response:
    """Redirect to the same request less the parameters that a form has settled, as in :func:`_without`."""
    rest = _without(pairs, prompts=prompts, names=names)
    return browser.redirect_after_form(request, browser.url_with(request.sandbox.url(_PATH), rest))


def _without(pairs: Pairs, *, prompts: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Pairs:
    """``pairs`` without the parameters ``names``, and without the values ``prompts`` of the parameter ``prompt``."""

    def rest(name: str, value: str) -> str:
        if name in names:
            return ""
        values = [part for part in value.split(" ") if part not in prompts]
        return " ".join(values) if name == "prompt" else value

    return [(name, left) for name, value in pairs if (left := rest(name, value))]


def _error_url(client_redirect: ClientRedirect, error: OAuthException) -> str:
    return _answer_url(client_redirect, error=error.error, error_description=error.error_description)


def _answer_url(client_redirect: ClientRedirect, **answer: str) -> str:
    """The client's URI with ``answer``, the client's ``state`` and the issuer (RFC 9207) in its query."""
    parameters = {**answer, "state": client_redirect.state, "iss": client_redirect.issuer}
    return browser.url_with(client_redirect.redirect_uri, parameters)
