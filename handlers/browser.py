"""What browsers bring along and are sent on with: cookies, genuine forms, redirects.

A form is genuine when it holds a digest of the two secrets in this browser's cookies: one that it has from its first
page on, and that of its session. Another site can let the browser send a form, but knows neither.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Final
from urllib.parse import urlencode

from handlers import pages
from utils import cookies
from utils.authorization_errors import StaleFormError
from utils.errors import PSNEmulatorException
from utils.http import Pairs, Request, Response
from utils.oauth_errors import InvalidRequestError

CSRF: Final = "csrf"
SESSION: Final = "psn-session"
_BROWSER: Final = "psn-browser"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_QUERY: Final = 6000
"""Characters; the gateway takes some ten thousand of a request's line and headers."""


def paged(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Let what ``handler`` raises be a page."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except PSNEmulatorException as error:
            return pages.failure(request, error)

    return answer


def session_secret(request: Request) -> str | None:
    """The secret of the browser's session, if it has one."""
    return request.cookies.get(cookies.full_name(SESSION))


def with_form(request: Request, page: Callable[[str], Response]) -> Response:
    """The page that ``page`` makes of a token for its form, by which the form is known to be genuine."""
    secret = _secret(request)
    if secret is not None:
        return page(_token(request, secret))
    secret = secrets.token_urlsafe(32)
    return replace(page(_token(request, secret)), cookies=(cookies.keep(_BROWSER, secret),))


def require_genuine(request: Request, form: Mapping[str, str]) -> None:
    """Raise :class:`StaleFormError` unless this browser was shown the form, in the session that it is in."""
    secret = _secret(request)
    if secret is None or not hmac.compare_digest(_token(request, secret).encode(), form[CSRF].encode()):
        raise StaleFormError(
            "This form was not made for this browser, or you have signed in or out since. Cookies must be allowed."
        )


def url_with(url: str, parameters: Mapping[str, str | None] | Pairs) -> str:
    """``url`` with ``parameters`` in its query, less those that are ``None``."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    query = urlencode([(name, value) for name, value in pairs if value is not None])
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{query}" if query else url


def see_other(url: str) -> Response:
    """Send the browser to ``url``, to get it whatever the method was here."""
    return Response(303, headers={"Location": url})


def go_on(request: Request, url: str) -> Response:
    """Send the browser from one of our forms to ``url``.

    Browsers hold the ``form-action`` of a page's policy against every redirect that follows upon its form, the
    client's own included. So who takes HTML gets a page that goes on by itself, which ends that; others a redirect.
    """
    return pages.onward(url) if "text/html" in request.headers.get("accept", "") else see_other(url)


def by_get(url: str, form: Pairs) -> Response:
    """Let the browser bring the parameters of another site's form again, this time with its cookies.

    Those are not sent along with a form of another site (``SameSite=Lax``), but with what it is redirected to.
    """
    if len(urlencode(form)) > _MAX_QUERY:
        raise InvalidRequestError("The parameters are too long.")
    return see_other(url_with(url, form))


def _secret(request: Request) -> str | None:
    found = request.cookies.get(cookies.full_name(_BROWSER), "")
    return found if _SECRET.fullmatch(found) else None


def _token(request: Request, secret: str) -> str:
    return hmac.digest(secret.encode(), (session_secret(request) or "").encode(), "sha256").hex()
