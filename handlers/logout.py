"""``/auth/logout``: a client sends the user here to log out (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlencode

from handlers import browser, pages
from routes import path_to
from services.identity.browser_sessions import (
    BrowserSession,
    end_session,
    stored_session,
    username,
)
from services.identity.logout_request import PARAMETERS, LogoutRequest, read_logout
from utils import cookies
from utils.http import Request, Response

_PATH: Final = path_to("auth-logout")


@browser.html_errors
def show(request: Request) -> Response:
    """Log out.

    Where a client sends the user's browser (OpenID Connect RP-Initiated Logout 1.0).

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    pairs = request.query_pairs()
    logout_request = read_logout(request.sandbox, pairs)
    session = _session(request)
    if session is None or session.is_over or session.subject == logout_request.subject:
        return _log_out(request, logout_request, session, browser.see_other)
    page = partial(pages.logout, username=username(request.sandbox, session), query=urlencode(pairs))
    return browser.with_csrf_token(request, lambda csrf_token: page(csrf_token=csrf_token))


@browser.html_errors
def submit(request: Request) -> Response:
    """The form of the logout page.

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    form_pairs = request.form_pairs()
    if browser.is_request(form_pairs):
        return browser.redirect_as_get(request.sandbox.url(_PATH), form_pairs, PARAMETERS)
    form = request.form()
    pairs = request.query_pairs()
    logout_request = read_logout(request.sandbox, pairs)
    try:
        browser.require_csrf_token(request, form)
    except browser.StaleFormException as error:
        return pages.failure(request, error, again=urlencode(pairs))
    redirect = partial(browser.redirect_after_form, request)
    return _log_out(request, logout_request, _session(request), redirect)


def _session(request: Request) -> BrowserSession | None:
    return stored_session(request.sandbox, browser.session_secret(request))


def _log_out(
    request: Request,
    logout_request: LogoutRequest,
    session: BrowserSession | None,
    redirect: Callable[[str], Response],
) -> Response:
    if session is not None:
        end_session(request.sandbox, session)
    if logout_request.redirect_uri is None:
        answer = pages.logged_out()
    else:
        answer = redirect(browser.url_with(logout_request.redirect_uri, {"state": logout_request.state}))
    return replace(answer, cookies=(cookies.delete_cookie(browser.SESSION_COOKIE, request.sandbox),))
