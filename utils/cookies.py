"""Cookies for the issuer's own pages, as narrow as browsers let them be (RFC 6265 and its successor, 6265bis).

No script reads them, no other site's form or frame sends them, and where the issuer has https and a host of its own,
the ``__Host-`` prefix keeps every other host from setting them.
"""

from collections import Counter
from collections.abc import Iterable
from urllib.parse import urlsplit

from utils.settings import settings


def read(sent: Iterable[str]) -> dict[str, str]:
    """The cookies in texts of the form ``name=value``.

    One whose name comes twice is left out, because nobody can tell which of the two is ours.
    """
    pairs = [(name.strip(), value.strip()) for name, _, value in (one.partition("=") for one in sent)]
    times = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if times[name] == 1}


def full_name(name: str) -> str:
    """What the cookie ``name`` is called here: with the strictest prefix that the issuer's URL allows."""
    issuer = urlsplit(settings().issuer)
    if issuer.scheme != "https":
        return name
    return f"__Secure-{name}" if issuer.path else f"__Host-{name}"


def keep(name: str, value: str) -> str:
    """The ``Set-Cookie`` header that lets the browser keep ``value`` until it is closed."""
    issuer = urlsplit(settings().issuer)
    secure = "; Secure" if issuer.scheme == "https" else ""
    return f"{full_name(name)}={value}; Path={issuer.path or '/'}; HttpOnly; SameSite=Lax{secure}"


def drop(name: str) -> str:
    """The ``Set-Cookie`` header that lets the browser forget the cookie."""
    return f"{keep(name, '')}; Max-Age=0"
