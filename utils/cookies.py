"""Cookies of the issuer's own pages (RFC 6265, and its successor 6265bis for ``SameSite`` and the name's prefixes).

``HttpOnly``: no script reads them. ``SameSite=Lax``: no other site's form or frame sends them, unless the stack's
setting says so of the session. Where the issuer has
https and a host of its own, the prefix ``__Host-`` keeps every other host from setting them.
"""

from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from utils.sandbox import Sandbox
from utils.settings import DEFAULT_SANDBOX


def read(sent: Iterable[str]) -> dict[str, str]:
    """The cookies by name, of texts of the form ``name=value``.

    One whose name comes twice is left out, because nobody can tell which of the two is ours.
    """
    pairs = [(name.strip(), value.strip()) for name, _, value in (text.partition("=") for text in sent)]
    counts = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if counts[name] == 1}


def prefixed_name(name: str, sandbox: Sandbox) -> str:
    """``name`` with the strictest prefix that the issuer's URL allows: ``__Host-``, ``__Secure-`` or none.

    A sandbox's has its name in it, unless it is the default one at the API's own base URL, and another one there than
    at its own base URL: a cookie of the former is sent under the base URLs of all.
    """
    issuer = urlsplit(sandbox.issuer)
    if sandbox.prefix:
        name = f"{name}-{sandbox.name}"
    elif sandbox.name != DEFAULT_SANDBOX:
        name = f"{name}.{sandbox.name}"
    if issuer.scheme != "https":
        return name
    return f"__Secure-{name}" if issuer.path else f"__Host-{name}"


def set_cookie(name: str, value: str, sandbox: Sandbox, *, same_site: str = "Lax") -> str:
    """The value of the ``Set-Cookie`` header of a session cookie: the browser keeps it until it is closed.

    ``same_site`` is ``Lax``, or ``None`` for a cookie that frames of other sites send too, which takes https:
    without it
    browsers drop such a cookie, and ``Lax`` is set.
    """
    issuer = urlsplit(sandbox.issuer)
    attributes = f"SameSite={same_site}; Secure" if issuer.scheme == "https" else "SameSite=Lax"
    return f"{prefixed_name(name, sandbox)}={value}; Path={issuer.path or '/'}; HttpOnly; {attributes}"


def delete_cookie(name: str, sandbox: Sandbox) -> str:
    """The value of the ``Set-Cookie`` header that deletes the cookie."""
    return f"{set_cookie(name, '', sandbox)}; Max-Age=0"
