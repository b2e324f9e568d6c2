"""What the gateway says to browsers of other origins (API Gateway Developer Guide: "Configure CORS for HTTP APIs")."""

from collections.abc import Mapping

from routes import ROUTES
from serve.payload import Headers, Outgoing

_MAX_AGE_SECONDS = 3600

_METHODS = ",".join(sorted({route.method for route in ROUTES}))
_ALLOWED = ",".join(sorted({header for route in ROUTES for header in route.request_headers}))
_EXPOSED = ",".join(sorted({header for route in ROUTES for header in route.answer_headers}))
_ANY: Headers = [("access-control-allow-origin", "*"), ("access-control-expose-headers", _EXPOSED)]


def preflight(method: str, headers: Mapping[str, str]) -> Outgoing | None:
    """The answer to a preflight request, by which a browser asks whether it may send another; ``None`` for one that is
    none, which goes its way."""
    if method != "OPTIONS" or not {"origin", "access-control-request-method"} <= headers.keys():
        return None
    allowed: Headers = [
        ("access-control-allow-methods", _METHODS),
        ("access-control-allow-headers", _ALLOWED),
        ("access-control-max-age", str(_MAX_AGE_SECONDS)),
    ]
    return Outgoing(204, allowed, b"")


def answer_headers(headers: Mapping[str, str]) -> Headers:
    """The headers of the answer to a request with ``headers``: pages of every origin may read it."""
    return _ANY if "origin" in headers else []
