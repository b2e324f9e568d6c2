"""``/auth/logout``: where a client sends the user to log out (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlencode

from handlers import browser, pages
from routes import path_to
from services.identity.browser_sessions import BrowserSession, end_session, find_session
from services.identity.logout_request import LogoutRequest, read_logout
from utils import cookies
from utils.authorization_errors import StaleFormError
from utils.http import Request, Response
from utils.settings import settings

_PATH: Final = path_to("auth-logout")


@browser.paged
def show(request: Request) -> Response:
    """Log out.

    Where a client sends the user's browser (OpenID Connect RP-Initiated Logout 1.0).

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    pairs = request.query_pairs()
    wanted = read_logout(pairs)
    session = _session(request)
    if session is None or session.subject == wanted.subject:
        return _leave(request, wanted, session, browser.see_other)
    name = session.username
    return browser.with_form(
        request, lambda csrf: pages.logout(username=name, query=urlencode(pairs), csrf=csrf)
    )


@browser.paged
def submit(request: Request) -> Response:
    """The form of the logout page.

    Answers:
        200: A page.
        303: Back to the client, with what came of it in the query.
    """
    sent = request.form_pairs()
    if browser.CSRF not in dict(sent):
        return browser.by_get(settings().url(_PATH), sent)
    form = request.form()
    pairs = request.query_pairs()
    wanted = read_logout(pairs)
    try:
        browser.require_genuine(request, form)
    except StaleFormError as error:
        return pages.failure(request, error, again=urlencode(pairs))
    return _leave(request, wanted, _session(request), partial(browser.go_on, request))


def _session(request: Request) -> BrowserSession | None:
    return find_session(request.sandbox, browser.session_secret(request))


def _leave(
    request: Request,
    wanted: LogoutRequest,
    session: BrowserSession | None,
    send: Callable[[str], Response],
) -> Response:
    if session is not None:
        end_session(request.sandbox, session)
    if wanted.redirect_uri is None:
        answer = pages.logged_out()
    else:
        answer = send(browser.url_with(wanted.redirect_uri, {"state": wanted.state}))
    return replace(answer, cookies=(cookies.drop(browser.SESSION),))
