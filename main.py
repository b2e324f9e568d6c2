"""The entry points of the Lambda functions: ``main.players_create`` answers what the row ``players-create`` names.

The API itself is the table in ``routes``. An entry point loads its own row's handler and nothing else, so that a
function starts with only what its own route needs.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from routes import FALLBACK, ROUTES, Route

__all__ = ["FALLBACK", "ROUTES", "Route"]

_BY_ENTRY = {route.entry: route for route in (*ROUTES, FALLBACK)}


def __getattr__(name: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The Lambda entry point of a route, its handler imported on first use (PEP 562)."""
    try:
        route = _BY_ENTRY[name]
    except KeyError:
        raise AttributeError(f"module 'main' has no attribute {name!r}") from None
    from handlers.dispatch import entry_point

    module, function = route.handler.split(":")
    return entry_point(route, getattr(import_module(module), function))
