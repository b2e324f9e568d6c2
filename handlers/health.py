"""The API's name and health."""

from typing import Literal

from models.responses import Health, Root
from utils import table
from utils.http import Request, Response, success
from utils.logger import logger
from utils.settings import settings
from utils.version import VERSION

_PATHS = {
    "self": "/",
    "health": "/healthz",
    "players": "/players",
    "token": "/auth/token",
    "openid-configuration": "/.well-known/openid-configuration",
    "jwks": "/.well-known/jwks.json",
}
_DESCRIPTION = {"openapi": "/openapi.json", "docs": "/docs"}
"""Served on every environment but prod."""


def root(request: Request) -> Response:
    """``GET /``: name, version, release, environment and the URLs to start with."""
    paths = {**_PATHS, **_DESCRIPTION} if settings().is_described else _PATHS
    links = {relation: settings().url(path) for relation, path in paths.items()}
    return success(
        request, Root("PSN Partner Emulator", VERSION, settings().release, settings().environment, links)
    )


def healthz(_request: Request) -> Response:
    """``GET /healthz``: 200 when every dependency answers, else 503, in one shape and without an envelope."""
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
