"""The entry points of the Lambda functions: ``main.players_create`` answers what the row ``players-create`` names.

The API itself is the table in ``routes``. An entry point loads the handlers of its own rows and nothing else, so
that a function starts with only what its own routes need.
"""

from collections.abc import Callable
from typing import Any

from routes import FALLBACK, ROUTES, Route

__all__ = ["FALLBACK", "ROUTES", "Route"]


def __getattr__(name: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The Lambda entry point of a function, the handlers of its rows imported on first use (PEP 562)."""
    rows = [route for route in (*ROUTES, FALLBACK) if route.entry == name]
    if not rows:
        raise AttributeError(f"module 'main' has no attribute {name!r}")
    from handlers.dispatch import Endpoint, entry_point

    return entry_point(*map(Endpoint.load, rows))
