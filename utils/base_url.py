"""The base URL that the API goes by in a request: the issuer, and what every absolute URL begins with.

It is the deployment's issuer, unless the request is sent to the host of another one of its ``issuers``. Nothing else in
a request can make it a URL that the deployment does not list.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from utils.settings import settings
from variables import BaseURLs

VARY: Final = "Host, X-Forwarded-Proto"
"""The headers that :func:`of_request` reads, as an answer names them (RFC 9110 section 12.5.5)."""
_asked: Final[ContextVar[str | None]] = ContextVar("base_url", default=None)


def base_url() -> str:
    """The base URL of the API in the request that is answered now; outside of one, the deployment's issuer."""
    return _asked.get() or settings().issuer


@contextmanager
def of_request(headers: Mapping[str, str]) -> Iterator[None]:
    """Has :func:`base_url` be that of the request with these ``headers``, named in lower case, in the block.

    ``X-Forwarded-Proto`` says by which scheme it was sent, to a proxy perhaps; without, it was the one that is listed.
    """
    issuers = settings().issuers
    if len(issuers) < 2:
        yield
        return
    token = _asked.set(_listed(issuers, headers))
    try:
        yield
    finally:
        _asked.reset(token)


def _listed(issuers: BaseURLs, headers: Mapping[str, str]) -> str | None:
    """The one of ``issuers`` whose origin the request names; ``None`` if it names another one."""
    host = headers.get("host", "").lower()
    scheme = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    origins = _by_origin(issuers)
    named = (origins.get(f"{one}://{host}") for one in (scheme, "http", "https"))
    return next((issuer for issuer in named if issuer), None)


@lru_cache(1)
def _by_origin(issuers: BaseURLs) -> dict[str, str]:
    """The issuers by their scheme, host and port."""
    parts = ((urlsplit(issuer), issuer) for issuer in issuers)
    return {f"{url.scheme}://{url.netloc.lower()}": issuer for url, issuer in parts}
