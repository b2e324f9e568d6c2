"""The API's description, for programs and for people; prod has none."""

from collections.abc import Callable
from functools import wraps
from typing import Final

from handlers.dispatch import preload
from utils.errors import NotFoundException
from utils.http import Request, Response
from utils.settings import settings

_CACHED: Final = {"Cache-Control": "public, max-age=300"}


def _not_in_prod(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    @wraps(handler)
    def answer(request: Request) -> Response:
        if settings().environment == "prod":
            raise NotFoundException("Nothing is served at this path.")
        return handler(request)

    return answer


@preload("handlers.openapi.document")
@_not_in_prod
def openapi(_request: Request) -> Response:
    """``GET /openapi.json``: the OpenAPI 3.1 document."""
    from handlers.openapi.document import document

    return Response(200, document(settings()), _CACHED)
