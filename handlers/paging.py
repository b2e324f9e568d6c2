"""Pages of lists: what is on one, and the link that leads to the next (RFC 8288)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from models.responses import PageMeta, PageResponse
from utils.http import Request, Response


def paged(
    request: Request,
    items: list[Any],
    next_cursor: str | None,
    *,
    limit: int,
    parameters: Mapping[str, Any] | None = None,
) -> Response:
    """The answer with a page of ``items``, of which there were to be ``limit`` at most.

    As long as ``next_cursor`` leads to another one, the header ``Link`` does so too, with the ``parameters`` of the
    query besides.
    """
    headers = {}
    if next_cursor:
        query = urlencode({**(parameters or {}), "limit": limit, "cursor": next_cursor})
        headers["Link"] = f'<{request.url(request.path)}?{query}>; rel="next"'
    return Response(200, PageResponse(items, PageMeta(request.request_id, next_cursor, limit)), headers)
