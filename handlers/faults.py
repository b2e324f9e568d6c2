"""Faults on the partner's routes: what happens to a request instead of, before or after what its handler does.

A request is asked of step by step; the first step that has a fault for it decides.
"""

from collections.abc import Callable
from typing import Final

from handlers import fault_answers
from routes import FAULT_HEADER, Route
from services.emulation import fault_header, fault_rules
from services.emulation.fault_rules import Injected
from utils.http import Request, Response

type Handle = Callable[[], Response]


def answer(request: Request, route: Route, handle: Handle) -> Response:
    """The answer to ``request``, which is that of ``handle`` where no fault applies.

    Raises :class:`services.emulation.fault_header.InvalidFaultException`.
    """
    for step in _STEPS:
        injected = step(request, route)
        if injected is not None:
            return fault_answers.answer(injected, request, route, handle)
    return handle()


def _by_header(request: Request, _route: Route) -> Injected | None:
    """The fault that the request itself asks for."""
    asked = request.headers.get(FAULT_HEADER)
    return None if asked is None else fault_header.asked(asked)


def _by_rule(request: Request, _route: Route) -> Injected | None:
    """The fault that a rule of the sandbox has for the request."""
    return fault_rules.met(request.sandbox, request)


_STEPS: Final = (_by_header, _by_rule)
