"""Every path and method that no row of the route table names."""

import re
from typing import Final

from routes import ROUTES
from utils.errors import MethodNotAllowedException, NotFoundException
from utils.http import Request, Response
from utils.settings import settings

_DOCS: Final = "/docs"
_METHODS: Final = [
    (
        re.compile(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(route.path))),
        {"GET", "HEAD"} if route.method == "GET" else {route.method},
    )
    for route in ROUTES
]
"""Of each row the pattern of its path, and the methods that its function answers."""


def fallback(request: Request) -> Response:
    """404 for a path that is not served, 405 with ``Allow`` for a method that its path does not have.

    ``/docs/``, which people type, is redirected to ``/docs``, where it is served. A path that
    has the method here would have it without the prefix that ends it.
    """
    if request.path == f"{_DOCS}/" and request.method in {"GET", "HEAD"} and settings().is_described:
        return Response(308, headers={"Location": request.sandbox.url(_DOCS)})
    allowed = {method for path, methods in _METHODS if path.fullmatch(request.path) for method in methods}
    if allowed and request.method not in allowed:
        raise MethodNotAllowedException(sorted(allowed))
    raise NotFoundException("Nothing is served at this path.")
