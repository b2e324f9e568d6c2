"""The API's description, for programs and for people; prod has none.

The page is Swagger UI as it comes, served from here. It logs in by OAuth as a client of its own.
"""

import json
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from handlers import script_pages, swagger_ui
from utils.errors import NotFoundException
from utils.http import HTML_TYPE, Request, Response
from utils.settings import Settings, settings

_FLOW_URLS: Final = ("authorizationUrl", "tokenUrl", "refreshUrl")
"""Where an OAuth flow of the document goes (OpenAPI 3.1.1 section 4.8.29.1)."""
_KEPT: Final = 16
_CACHED: Final = {"Cache-Control": "public, max-age=300"}


def _where_described(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    @wraps(handler)
    def answer(request: Request) -> Response:
        if not settings().is_described:
            raise NotFoundException("Nothing is served at this path.")
        return handler(request)

    return answer


@_where_described
def openapi(request: Request) -> Response:
    """This document.

    It is made of the routes and models that serve. In prod there is none.

    Answers:
        200: The OpenAPI 3.1 document.
    """
    return Response(200, _document(settings(), request.sandbox.issuer), _CACHED)


@_where_described
def page(request: Request) -> Response:
    """A page to read this document on, and to try it.

    Answers:
        200: The page.
    """
    from handlers.pages import ICON
    from services.identity.seed import docs_client
    from utils.markup import markup

    client = docs_client(request.sandbox)
    body = markup(
        swagger_ui.text("docs.html"),
        icon=ICON,
        environment=settings().environment,
        client=client.client_id,
        redirect=client.redirect_uris[0],
        scopes=" ".join(client.scopes),
    )
    return Response(200, body, script_pages.headers(), HTML_TYPE)


@_where_described
def file(request: Request) -> Response:
    """What the page is made of.

    Answers:
        200: The file.
    """
    name = request.path_parameters["file"]
    if name not in swagger_ui.FILES:
        raise NotFoundException("Nothing is served at this path.")
    return Response(200, swagger_ui.text(name), {**script_pages.headers(), **_CACHED}, swagger_ui.FILES[name])


@lru_cache(_KEPT)
def _document(deployment: Settings, base_url: str) -> str:
    """The committed document with ``deployment``'s name, the API's or a sandbox's ``base_url``, and whoever issues the
    tokens."""
    document = json.loads((Path(__file__).with_name("openapi.json")).read_bytes())
    document["servers"] = [{"url": base_url, "description": deployment.environment}]
    schemes = document["components"]["securitySchemes"]
    if deployment.trusted_issuer == deployment.issuer:
        for flow in schemes["oauth"]["flows"].values():
            urls = {name: urlsplit(flow[name]).path for name in _FLOW_URLS if name in flow}
            flow |= {name: base_url + path for name, path in urls.items()}
    else:
        discovery = f"{deployment.trusted_issuer}/.well-known/openid-configuration"
        schemes["oauth"] = {
            "type": "openIdConnect",
            "openIdConnectUrl": discovery,
            "description": "Another issuer.",
        }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
