"""Cookies, CSRF tokens and redirects of the HTML pages.

Forms are protected by a signed double-submit cookie (OWASP Cross-Site Request Forgery Prevention Cheat Sheet): the
browser has a random secret in a cookie, and every form a token in a hidden field, the HMAC of the session's secret by
the cookie's. Another site can have the browser send a form, but reads neither secret, so it cannot make the token.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import wraps
from typing import Final
from urllib.parse import urlencode

from handlers import pages
from utils import cookies
from utils.errors import PSNEmulatorException
from utils.http import Pairs, Request, Response
from utils.oauth_errors import InvalidRequestException

CSRF_FIELD: Final = "csrf"
OWN_FIELDS: Final = frozenset({CSRF_FIELD, "decision", "username", "password"})
"""The fields of our own pages' forms. What has one of them is such a form, and is sent on to no URL."""
SESSION_COOKIE: Final = "psn-session"
_CSRF_COOKIE: Final = "psn-browser"
"""Called so since before it had this one purpose; another name would spoil the forms that are open during a deploy."""

_CSRF_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_QUERY: Final = 6000
"""Characters; the gateway takes some ten thousand of a request's line and headers."""


class StaleFormException(PSNEmulatorException):
    """The form's CSRF token is not of this browser and its session: forged, or of a page from before a login."""

    status = 403
    code = "stale_form"
    title = "Form no longer valid"


def html_errors(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Decorates a handler of pages: the :class:`PSNEmulatorException` that it raises is answered as an HTML page."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except PSNEmulatorException as error:
            return pages.failure(request, error)

    return answer


def session_secret(request: Request) -> str | None:
    """The secret in the browser's session cookie; ``None`` without the cookie."""
    return request.cookies.get(cookies.prefixed_name(SESSION_COOKIE, request.sandbox))


def with_csrf_token(request: Request, page: Callable[[str], Response]) -> Response:
    """The page that ``page`` makes with a CSRF token for its form; sets the CSRF cookie if the browser has none."""
    secret = _csrf_secret(request)
    if secret is not None:
        return page(_csrf_token(request, secret))
    secret = secrets.token_urlsafe(32)
    return replace(
        page(_csrf_token(request, secret)),
        cookies=(cookies.set_cookie(_CSRF_COOKIE, secret, request.sandbox),),
    )


def require_csrf_token(request: Request, form: Mapping[str, str]) -> None:
    """Raise :class:`StaleFormException` unless the field of ``form`` has the token of this browser and session."""
    secret = _csrf_secret(request)
    if secret is None or not hmac.compare_digest(
        _csrf_token(request, secret).encode(), form.get(CSRF_FIELD, "").encode()
    ):
        raise StaleFormException(
            "This form was not made for this browser, or you have signed in or out since. Cookies must be allowed."
        )


def url_with(url: str, parameters: Mapping[str, str | None] | Pairs) -> str:
    """``url`` with ``parameters`` added to its query, except those that are ``None``."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    query = urlencode([(name, value) for name, value in pairs if value is not None])
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{query}" if query else url


def see_other(url: str) -> Response:
    """A redirect to ``url`` that the browser follows by ``GET`` whatever its method was (RFC 9110 section 15.4.4)."""
    return Response(303, headers={"Location": url})


def redirect_after_form(request: Request, url: str) -> Response:
    """Send the browser from one of our forms to ``url``: by a page that goes on by itself, if it accepts HTML.

    Browsers apply the ``form-action`` of a page's Content Security Policy to every redirect that follows its form, the
    client's own included; a page in between ends the chain. Whoever does not accept HTML gets a redirect.
    """
    return pages.onward(url) if "text/html" in request.headers.get("accept", "") else see_other(url)


def is_request(form: Pairs) -> bool:
    """Whether ``form`` is a client's request, and no form of our own pages, with or without its CSRF token."""
    return OWN_FIELDS.isdisjoint(name for name, _ in form)


def redirect_as_get(url: str, form: Pairs, names: Collection[str]) -> Response:
    """Redirect another site's form to ``url`` with its parameters in the query, so that the browser sends cookies.

    ``SameSite=Lax`` keeps them from a form of another site, but not from the ``GET`` that it is redirected to. Only
    the parameters ``names`` are sent on: nobody knows what else a form holds, and a URL ends up in histories and logs.
    Raises :class:`InvalidRequestException` for parameters over 6,000 characters.
    """
    known = [(name, value) for name, value in form if name in names]
    if len(urlencode(known)) > _MAX_QUERY:
        raise InvalidRequestException("The parameters are too long.")
    return see_other(url_with(url, known))


def _csrf_secret(request: Request) -> str | None:
    """The secret in the CSRF cookie; ``None`` without a well-formed one."""
    secret = request.cookies.get(cookies.prefixed_name(_CSRF_COOKIE, request.sandbox), "")
    return secret if _CSRF_SECRET.fullmatch(secret) else None


def _csrf_token(request: Request, secret: str) -> str:
    return hmac.digest(secret.encode(), (session_secret(request) or "").encode(), "sha256").hex()
