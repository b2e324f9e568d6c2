"""The API's description, for programs and for people; prod has none.

The page is Swagger UI as it comes, served from here. It logs in by OAuth as a client of its own.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final
from urllib.parse import urlsplit

from handlers import swagger_ui
from handlers.dispatch import preload
from utils.errors import NotFoundException
from utils.http import HTML_TYPE, Request, Response
from utils.settings import settings

_CACHED: Final = {"Cache-Control": "public, max-age=300"}


def _where_described(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    @wraps(handler)
    def answer(request: Request) -> Response:
        if not settings().is_described:
            raise NotFoundException("Nothing is served at this path.")
        return handler(request)

    return answer


@preload("handlers.openapi.document")
@_where_described
def openapi(_request: Request) -> Response:
    """``GET /openapi.json``: the OpenAPI 3.1 document."""
    from handlers.openapi.document import document

    return Response(200, document(settings()), _CACHED)


@preload("handlers.pages", "services.identity.seed")
@_where_described
def page(_request: Request) -> Response:
    """``GET /docs``: the page on which people read the document and try it."""
    from handlers.pages import ICON
    from services.identity.seed import docs_client
    from utils.markup import markup

    client = docs_client()
    body = markup(
        swagger_ui.text("docs.html"),
        icon=ICON,
        environment=settings().environment,
        client=client.client_id,
        redirect=client.redirect_uris[0],
        scopes=" ".join(client.scopes),
    )
    return Response(200, body, _guarded(), HTML_TYPE)


@_where_described
def file(request: Request) -> Response:
    """``GET /docs/{file}``: what the page is made of."""
    name = request.path_parameters["file"]
    if name not in swagger_ui.FILES:
        raise NotFoundException("Nothing is served at this path.")
    return Response(200, swagger_ui.text(name), {**_guarded(), **_CACHED}, swagger_ui.FILES[name])


def _guarded() -> dict[str, str]:
    """No other host: requests go to the API alone, which a page under another name of its host calls by its URL."""
    issuer = urlsplit(settings().issuer)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        f" connect-src 'self' {issuer.scheme}://{issuer.netloc};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
