"""``/auth/authorize``: where a client sends the user to log in, to consent, and to come back with a code.

Whoever posts a form is sent on to the same request by ``GET``, less what is done, until nothing is left to ask: so
codes are given in one place, and no reload sends a password again.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode, urlsplit

from handlers import browser, pages
from routes import path_to
from services.identity import authorization, consents
from services.identity.authorization import Question
from services.identity.authorization_request import (
    AuthorizationRequest,
    Destination,
    read_destination,
    read_request,
)
from services.identity.browser_sessions import BrowserSession, find_session, open_session
from utils import cookies
from utils.authorization_errors import AccessDeniedError, LoginRequiredError, StaleFormError
from utils.http import Pairs, Request, Response
from utils.oauth_errors import InvalidGrantError, InvalidRequestError, OAuthError
from utils.settings import settings

_PATH: Final = path_to("auth-authorize")
_LONGEST_USERNAME: Final = 128
_LONGEST_PASSWORD: Final = 1024


@browser.paged
def show(request: Request) -> Response:
    """Log in and consent.

    Where a client sends the user's browser for an authorization code (RFC 6749, OpenID Connect).

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    pairs = request.query_pairs()
    destination = read_destination(pairs)
    try:
        wanted = read_request(pairs, destination.client)
        session = find_session(request.sandbox, browser.session_secret(request))
        outcome = authorization.advance(request.sandbox, destination, wanted, session)
    except OAuthError as error:
        return browser.see_other(_refusal(destination, error))
    if isinstance(outcome, str):
        return browser.see_other(_back(destination, code=outcome))
    if session is None or outcome.about == "login":
        return _login_page(request, pairs, destination, username=wanted.login_hint)
    return _consent_page(request, pairs, destination, session, outcome)


@browser.paged
def submit(request: Request) -> Response:
    """The form of the login and consent pages.

    A client's request may come as a form too, and is then redirected to be a `GET`.

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    sent = request.form_pairs()
    if browser.CSRF not in dict(sent):
        return browser.by_get(settings().url(_PATH), sent)
    form = request.form()
    pairs = request.query_pairs()
    destination = read_destination(pairs)
    try:
        browser.require_genuine(request, form)
    except StaleFormError as error:
        return pages.failure(request, error, again=urlencode(pairs))
    try:
        return _decide(request, form, pairs, destination)
    except OAuthError as error:
        return browser.go_on(request, _refusal(destination, error))


def _decide(request: Request, form: Mapping[str, str], pairs: Pairs, destination: Destination) -> Response:
    wanted = read_request(pairs, destination.client)
    match form.get("decision"):
        case "sign-in":
            return _sign_in(request, form, pairs, destination)
        case "allow":
            return _allow(request, pairs, destination, wanted)
        case "deny":
            raise AccessDeniedError("The user said no.")
    raise InvalidRequestError("The form has no decision.")


def _sign_in(request: Request, form: Mapping[str, str], pairs: Pairs, destination: Destination) -> Response:
    from services.identity.users import authenticate

    username, password = form.get("username", ""), form.get("password", "")
    try:
        if len(username) > _LONGEST_USERNAME or len(password) > _LONGEST_PASSWORD:
            raise InvalidGrantError("The username or the password is wrong.")
        user = authenticate(request.sandbox, username, password)
    except InvalidGrantError as refusal:
        return _login_page(request, pairs, destination, username=username, refusal=refusal)
    previous = find_session(request.sandbox, browser.session_secret(request))
    secret = open_session(request.sandbox, user.subject, previous)
    rest = _without(pairs, prompts=("login", "select_account"), names=("max_age",))
    answer = browser.go_on(request, browser.url_with(settings().url(_PATH), rest))
    return replace(answer, cookies=(cookies.keep(browser.SESSION, secret),))


def _allow(
    request: Request, pairs: Pairs, destination: Destination, wanted: AuthorizationRequest
) -> Response:
    session = find_session(request.sandbox, browser.session_secret(request))
    if session is None:
        raise LoginRequiredError("The session ended before the user decided.")
    scope = authorization.scope_for(session, destination, wanted)
    consents.give(request.sandbox, session.subject, destination.client.client_id, scope)
    rest = _without(pairs, prompts=("consent",))
    return browser.go_on(request, browser.url_with(settings().url(_PATH), rest))


def _login_page(
    request: Request,
    pairs: Pairs,
    destination: Destination,
    *,
    username: str,
    refusal: InvalidGrantError | None = None,
) -> Response:
    return browser.with_form(
        request,
        lambda csrf: pages.login(
            client=destination.client.name,
            query=urlencode(pairs),
            csrf=csrf,
            username=username[:_LONGEST_USERNAME],
            refusal=refusal,
        ),
    )


def _consent_page(
    request: Request, pairs: Pairs, destination: Destination, session: BrowserSession, question: Question
) -> Response:
    return browser.with_form(
        request,
        lambda csrf: pages.consent(
            client=destination.client.name,
            username=session.username,
            scopes=question.scope.split(" "),
            query=urlencode(pairs),
            other=urlencode([*_without(pairs, names=("prompt",)), ("prompt", "select_account")]),
            csrf=csrf,
            host=urlsplit(destination.redirect_uri).netloc,
        ),
    )


def _without(pairs: Pairs, *, prompts: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Pairs:
    """The parameters less what is done: the ``names``, and of ``prompt`` the values ``prompts``."""
    rest = [(name, value) for name, value in pairs if name not in names]
    left = [
        (name, " ".join(one for one in value.split(" ") if one not in prompts) if name == "prompt" else value)
        for name, value in rest
    ]
    return [(name, value) for name, value in left if value]


def _refusal(destination: Destination, error: OAuthError) -> str:
    return _back(destination, error=error.error, error_description=error.error_description)


def _back(destination: Destination, **answer: str) -> str:
    """The client's URI with the answer, the ``state`` that it sent and the issuer's name (RFC 9207)."""
    named = {**answer, "state": destination.state, "iss": settings().issuer}
    return browser.url_with(destination.redirect_uri, named)
