"""What answers where no route does."""

import re

from routes import ROUTES
from utils.errors import MethodNotAllowedException, NotFoundException
from utils.http import Request, Response

_PATHS = [
    (re.compile(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(route.path))), route.method) for route in ROUTES
]


def fallback(request: Request) -> Response:
    """404 for a path that is not served, 405 with ``Allow`` for a method that its path does not have."""
    allowed = sorted({method for path, method in _PATHS if path.fullmatch(request.path)})
    if allowed:
        raise MethodNotAllowedException(allowed)
    raise NotFoundException("Nothing is served at this path.")
