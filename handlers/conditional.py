"""Answers that have a version, and requests that depend on one."""

from collections.abc import Mapping
from typing import Any

from utils.etags import IfMatch, Versioned, is_known
from utils.http import Request, Response, success


def if_match(request: Request) -> IfMatch:
    """What the request demands of the version that it changes."""
    return IfMatch(request.headers.get("if-match"))


def versioned(
    request: Request,
    found: Versioned[Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``found`` with its ``ETag``."""
    return success(request, found.value, status=status, headers={**(headers or {}), "ETag": found.etag})


def versioned_or_known(request: Request, found: Versioned[Any]) -> Response:
    """``found`` with its ``ETag``, or 304 to a caller who has it already (RFC 9110 section 15.4.5)."""
    if is_known(request.headers.get("if-none-match"), found.version):
        return Response(304, headers={"ETag": found.etag})
    return versioned(request, found)
