"""``ETag``, ``If-Match`` and ``If-None-Match`` (RFC 9110 sections 8.8.3 and 13.1)."""

from collections.abc import Mapping
from typing import Any

from utils.etags import IfMatch, Versioned, is_known
from utils.http import Request, Response, success


def if_match(request: Request) -> IfMatch:
    """The request's ``If-Match``."""
    return IfMatch(request.headers.get("if-match"))


def versioned(
    request: Request,
    value: Versioned[Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer with the value in an ``APIResponse``, and its version as the ``ETag``."""
    etag = {"ETag": value.etag}
    return success(request, value.value, status=status, headers={**(headers or {}), **etag})


def versioned_or_not_modified(request: Request, value: Versioned[Any]) -> Response:
    """The same, or 304 to a caller whose ``If-None-Match`` has this version (RFC 9110 section 15.4.5)."""
    if is_known(request.headers.get("if-none-match"), value.version):
        return Response(304, headers={"ETag": value.etag})
    return versioned(request, value)
