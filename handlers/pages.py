"""The pages that a user sees: plain HTML that works without scripts and loads nothing from other hosts.

Their HTML is in the files of ``templates``.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from routes import SCOPES
from utils.errors import PSNEmulatorException
from utils.http import HTML_TYPE, Request, Response
from utils.markup import Markup, joined, markup

_HERE: Final = Path(__file__).parent
_STYLE: Final = "".join((_HERE / name).read_text(encoding="utf-8") for name in ("theme.css", "pages.css"))
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""No script, no frame, no other host, no form to anywhere else."""

_DRAWING: Final = (
    '<rect width="24" height="24" rx="6" fill="{fill}"/><path d="M5 12h6M8 9v6" stroke="{ink}" stroke-width="2.2"'
    ' stroke-linecap="round"/><circle cx="15.3" cy="14.3" r="1.6" fill="{ink}"/>'
    '<circle cx="18.7" cy="9.7" r="1.6" fill="{ink}"/>'
)
_LOGO: Final = Markup(
    '<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    + _DRAWING.format(fill="currentColor", ink="var(--on-brand)")
    + "</svg>"
)
ICON: Final = Markup(
    "data:image/svg+xml,"
    + quote(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        + _DRAWING.format(fill="#0b57c4", ink="#fff")
        + "</svg>"
    )
)
"""The icon of all pages, as a ``data:`` URL."""

_INVALID: Final = Markup(' aria-invalid="true" aria-describedby="alert"')
_FOCUS: Final = Markup(" autofocus")
_NOTHING: Final = Markup()


def login(
    *,
    client: str,
    query: str,
    csrf_token: str,
    username: str,
    refusal: PSNEmulatorException | None,
    documented: Mapping[str, str],
) -> Response:
    """The page that asks for username and password; with ``refusal`` it says why they were refused.

    ``client`` is the client's name, ``query`` the authorization request, to whose URL the form is posted, ``username``
    what the field contains. Users whose passwords are ``documented``, by their names, are listed to be chosen.
    """
    users = (
        _render("login_user", query=query, csrf_token=csrf_token, username=name, password=password)
        for name, password in documented.items()
    )
    content = _render(
        "login",
        client=client,
        query=query,
        csrf_token=csrf_token,
        username=username,
        alert=_render("login_error", text=_refusal_text(refusal)) if refusal else _NOTHING,
        invalid=_INVALID if refusal else _NOTHING,
        focus_username=_NOTHING if username else _FOCUS,
        focus_password=_FOCUS if username else _NOTHING,
        users=_render("login_users", users=joined(users)) if documented else _NOTHING,
    )
    return _page("Error: Sign in" if refusal else "Sign in", content, error=refusal)


def consent(
    *,
    client: str,
    username: str,
    scopes: Sequence[str],
    query: str,
    other_account: str,
    csrf_token: str,
    host: str,
) -> Response:
    """The page that asks the user ``username`` whether the client named ``client`` may have ``scopes``.

    ``query`` is the authorization request, to whose URL the form is posted; ``other_account`` the one that lets the
    user log in as another; ``host`` is where the client's redirect URI leads.
    """
    content = _render(
        "consent",
        client=client,
        username=username,
        scopes=joined(
            _render("consent_scope", meaning=SCOPES.get(scope, scope), scope=scope) for scope in scopes
        ),
        query=query,
        other_account=other_account,
        csrf_token=csrf_token,
        host=host,
    )
    return _page("Allow access", content)


def logout(*, username: str, query: str, csrf_token: str) -> Response:
    """The page that asks the user ``username`` whether to log out; its form is posted with ``query``."""
    return _page("Sign out", _render("logout", username=username, query=query, csrf_token=csrf_token))


def logged_out() -> Response:
    """The page after a logout."""
    return _page("Signed out", _render("signed_out"))


def onward(url: str) -> Response:
    """The page that leads to ``url`` by itself, and by a link."""
    return _page("One moment", _render("onward", url=url), head=_render("onward_refresh", url=url))


def failure(request: Request, error: PSNEmulatorException, *, again: str | None = None) -> Response:
    """The page for an error that the client cannot be told; ``again`` is the query of a link to begin again."""
    content = _render(
        "failure",
        text=error.detail,
        again=_render("go_back") if again is None else _render("begin_again", query=again),
        code=error.code,
        request_id=request.request_id,
    )
    return _page("Error", content, error=error)


def _page(
    title: str, content: Markup, *, head: Markup = _NOTHING, error: PSNEmulatorException | None = None
) -> Response:
    style = Markup(_STYLE)
    body = _render("layout", title=title, head=head, icon=ICON, style=style, logo=_LOGO, content=content)
    headers = error.headers if error else {}
    return Response(error.status if error else 200, body, {**headers, **_HEADERS}, HTML_TYPE)


def _render(name: str, **values: str) -> Markup:
    """The template ``name`` with ``values`` in place of its names in braces, escaped (``utils.markup``)."""
    return markup(_template(name), **values)


@cache
def _template(name: str) -> str:
    """The text of a template, read when it is first shown: a function that starts shows none yet."""
    return (_HERE / "templates" / f"{name}.html").read_text(encoding="utf-8").removesuffix("\n")


def _refusal_text(refusal: PSNEmulatorException) -> str:
    seconds = refusal.headers.get("Retry-After")
    return (
        f"Too many failed attempts. Try again in {-(-int(seconds) // 60)} min." if seconds else refusal.detail
    )
