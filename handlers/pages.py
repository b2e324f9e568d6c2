"""The pages that a user sees: plain HTML that works without scripts and asks no other host for anything."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from services.identity.scopes import MEANINGS
from utils.errors import PSNEmulatorException
from utils.http import HTML_TYPE, Request, Response
from utils.markup import Markup, joined, markup

_STYLE: Final = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
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

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} · PSN Partner Emulator</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">{head}
<link rel="icon" href="{icon}">
<style>{style}</style>
</head>
<body>
<main>
<p class="brand">{logo}PSN Partner Emulator</p>
{content}
</main>
<footer>This is an emulator for tests. Never type the password of a real account here.</footer>
</body>
</html>
"""

_FORM: Final = """<form method="post" action="?{query}">
<input type="hidden" name="csrf" value="{csrf}">
{fields}
</form>"""

_LOGIN: Final = """<h1>Sign in</h1>
<p class="soft">to continue to {client}</p>
{alert}
{form}"""

_LOGIN_FIELDS: Final = """<label for="username">Username</label>
<input id="username" name="username" value="{username}" autocomplete="username" autocapitalize="none"
 spellcheck="false" required maxlength="128"{invalid}{focus_username}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 maxlength="1024"{invalid}{focus_password}>
<button class="main" name="decision" value="sign-in">Sign in</button>
<button name="decision" value="deny" formnovalidate>Cancel</button>"""

_ALERT: Final = '<p class="alert" role="alert" id="alert">{text}</p>'
_INVALID: Final = Markup(' aria-invalid="true" aria-describedby="alert"')
_FOCUS: Final = Markup(" autofocus")

_CONSENT: Final = """<h1>Allow {client}?</h1>
<p class="soft">Signed in as <strong>{username}</strong> · <a href="?{other}">Use another account</a></p>
<p>{client} would like to:</p>
<ul>{scopes}</ul>
{form}
<p class="soft small">Either way you return to {host}.</p>"""

_SCOPE: Final = '<li>{meaning}<span class="soft small">{scope}</span></li>'
_CONSENT_FIELDS: Final = Markup(
    '<button class="main" name="decision" value="allow">Allow</button>'
    '<button name="decision" value="deny">Deny</button>'
)

_LOGOUT: Final = """<h1>Sign out?</h1>
<p class="soft">You are signed in as <strong>{username}</strong>. To stay so, close this page.</p>
{form}"""
_LOGOUT_FIELDS: Final = Markup('<button class="main" name="decision" value="sign-out">Sign out</button>')

_SIGNED_OUT: Final = Markup("<h1>You are signed out</h1><p>You can close this page.</p>")

_REFRESH: Final = '<meta http-equiv="refresh" content="0; url={url}">'
_ONWARD: Final = '<h1>One moment…</h1><p><a href="{url}">Continue</a></p>'

_FAILURE: Final = """<h1>This did not work</h1>
<p>{text}</p>
{again}
<p class="soft small">Error <strong>{code}</strong>, request {request_id}</p>"""
_AGAIN: Final = '<p><a href="?{query}">Begin again</a></p>'
_BACK: Final = Markup("<p>Go back to the application that sent you here, and begin again.</p>")


def login(
    *, client: str, query: str, csrf_token: str, username: str, refusal: PSNEmulatorException | None
) -> Response:
    """The page that asks for username and password; with ``refusal`` it says why they were refused.

    ``client`` is the client's name, ``query`` the authorization request, to whose URL the form is posted, ``username``
    what the field contains.
    """
    fields = markup(
        _LOGIN_FIELDS,
        username=username,
        invalid=_INVALID if refusal else Markup(),
        focus_username=Markup() if username else _FOCUS,
        focus_password=_FOCUS if username else Markup(),
    )
    alert = markup(_ALERT, text=_refusal_text(refusal)) if refusal else Markup()
    content = markup(_LOGIN, client=client, alert=alert, form=_form(query, csrf_token, fields))
    title = "Error: Sign in" if refusal else "Sign in"
    return _page(title, content, error=refusal)


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
    content = markup(
        _CONSENT,
        client=client,
        username=username,
        other=other_account,
        scopes=joined(markup(_SCOPE, meaning=MEANINGS[scope], scope=scope) for scope in scopes),
        form=_form(query, csrf_token, _CONSENT_FIELDS),
        host=host,
    )
    return _page("Allow access", content)


def logout(*, username: str, query: str, csrf_token: str) -> Response:
    """The page that asks the user ``username`` whether to log out; its form is posted with ``query``."""
    content = markup(_LOGOUT, username=username, form=_form(query, csrf_token, _LOGOUT_FIELDS))
    return _page("Sign out", content)


def logged_out() -> Response:
    """The page after a logout."""
    return _page("Signed out", _SIGNED_OUT)


def onward(url: str) -> Response:
    """The page that leads to ``url`` by itself, and by a link."""
    return _page("One moment", markup(_ONWARD, url=url), head=markup(_REFRESH, url=url))


def failure(request: Request, error: PSNEmulatorException, *, again: str | None = None) -> Response:
    """The page for an error that the client cannot be told; ``again`` is the query of a link to begin again."""
    content = markup(
        _FAILURE,
        text=error.detail,
        again=_BACK if again is None else markup(_AGAIN, query=again),
        code=error.code,
        request_id=request.request_id,
    )
    return _page("Error", content, error=error)


def _page(
    title: str, content: Markup, *, head: Markup | None = None, error: PSNEmulatorException | None = None
) -> Response:
    body = markup(
        _PAGE,
        title=title,
        head=head or Markup(),
        icon=ICON,
        style=Markup(_STYLE),
        logo=_LOGO,
        content=content,
    )
    headers = error.headers if error else {}
    return Response(error.status if error else 200, body, {**headers, **_HEADERS}, HTML_TYPE)


def _form(query: str, csrf_token: str, fields: Markup) -> Markup:
    return markup(_FORM, query=query, csrf=csrf_token, fields=fields)


def _refusal_text(refusal: PSNEmulatorException) -> str:
    seconds = refusal.headers.get("Retry-After")
    return (
        f"Too many failed attempts. Try again in {-(-int(seconds) // 60)} min." if seconds else refusal.detail
    )
