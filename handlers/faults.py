"""Faults on the partner's routes: what happens to a request instead of, before or after what its handler does."""

from collections.abc import Callable

from routes import Route
from utils.http import Request, Response


def answer(request: Request, route: Route, handle: Callable[[], Response]) -> Response:
    """The answer to ``request``, which is that of ``handle`` where no fault applies."""
    return handle()
