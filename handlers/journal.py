"""The journal: each request to the partner's routes, with its answer."""

from collections.abc import Mapping
from typing import Any

from routes import Route
from utils.http import Request


def record(request: Request, route: Route, answer: Mapping[str, Any], duration_ms: float) -> None:
    """Record ``request`` with its ``answer`` in the gateway's format; it never raises."""
