"""The API's name and health."""

from typing import Literal

from models.service import Health, Root
from routes import path_to
from utils import table
from utils.http import Request, Response, success
from utils.logger import logger
from utils.settings import settings
from utils.version import VERSION

_LINKS = {
    "self": "root",
    "health": "healthz",
    "players": "players-list",
    "token": "auth-token",
    "openid-configuration": "openid-configuration",
    "jwks": "jwks",
}
_DESCRIPTION = {"openapi": "openapi", "docs": "docs"}
"""The links that prod does not have."""


def root(request: Request) -> Response:
    """Name, version and links.

    Answers:
        200: What this is and where to go.
    """
    names = {**_LINKS, **_DESCRIPTION} if settings().is_described else _LINKS
    links = {relation: request.sandbox.url(path_to(name)) for relation, name in names.items()}
    if request.sandbox.prefix:
        links["self"] = request.sandbox.issuer  # a gateway's path of its own, which ends in no slash
    return success(
        request, Root("PSN Partner Emulator", VERSION, settings().release, settings().environment, links)
    )


def healthz(_request: Request) -> Response:
    """Whether the service works.

    Answers:
        200: Every dependency answers.
        503: A dependency does not answer.
    """
    state = _table()
    status = 200 if state == "ok" else 503
    return Response(status, Health(state, settings().image_tag, {"table": state}))


def _table() -> Literal["ok", "unavailable"]:
    try:
        table.probe()
    except Exception:
        logger.exception("the table does not answer")
        return "unavailable"
    return "ok"
