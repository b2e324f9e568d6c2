"""Faults on the partner's routes: what happens to a request instead of, before or after what its handler does.

First it is counted where the sandbox has a rate limit. Then the header and the rules are asked in turn; the first that
has a fault for it decides. What carries the request out is the handler, or a magic value in the handler's place. Limits
and rules leave alone who logs in to operate the emulator, and could not take them away otherwise.

All that a fault waits, it waits before the request is carried out. Where the function breaks off there and is
carried out anew (:mod:`utils.waiting`), it goes on with what was read, counted and drawn before.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from handlers import fault_answers
from routes import FAULT_HEADER, Route
from services.emulation import fault_header, fault_rules, limits, magic
from services.emulation.callers import is_operators
from services.emulation.fault_rules import Injected
from utils import table, waiting
from utils.http import Request, Response

type Handle = Callable[..., Response]
"""What carries the request out, or another that is given, and answers."""


def answer(request: Request, route: Route, handle: Handle) -> Response:
    """The answer to ``request``, which is that of ``handle`` where no fault applies. Where there is a rate limit, it
    tells how much of it is left.

    Raises :class:`services.emulation.fault_header.InvalidFaultException`.
    """
    limit = request.sandbox.limit
    if limit is None or is_operators(request):
        return _faulted(request, route, handle)
    counted = waiting.once("limit", lambda: limits.count(request, limit))
    response = (
        fault_answers.over_limit(counted, request, route)
        if counted.is_over
        else _faulted(request, route, handle)
    )
    return replace(response, headers={**response.headers, **counted.headers})


def _faulted(request: Request, route: Route, handle: Handle) -> Response:
    carried_out = _magical(request, route, handle)
    injected = waiting.once("fault", lambda: _first(request))
    if injected is not None:
        return fault_answers.answer(injected, request, route, carried_out)
    return carried_out()


def _first(request: Request) -> Injected | None:
    """The fault of the first that has one for the request."""
    return next((injected for step in _STEPS if (injected := step(request)) is not None), None)


def _by_header(request: Request) -> Injected | None:
    """The fault that the request itself asks for."""
    asked = request.headers.get(FAULT_HEADER)
    return None if asked is None else fault_header.asked(asked)


def _by_rule(request: Request) -> Injected | None:
    """The fault that a rule of the sandbox has for the request."""
    if not request.sandbox.fault_rules or is_operators(request):
        return None
    return fault_rules.met(request.sandbox, request)


def _magical(request: Request, route: Route, handle: Handle) -> Handle:
    """``handle``, or, where a username in the request stands for a fault, what that makes of it; it writes nothing."""
    injected = magic.met(request)
    if injected is None:
        return handle
    return lambda *_: fault_answers.answer(injected, request, route, _unwritten(handle))


def _unwritten(handle: Handle) -> Handle:
    """What ``handle`` answers without what it would write."""

    def answer(*request: Request) -> Response:
        with table.unwritten():
            return handle(*request)

    return answer


_STEPS: Final = (_by_header, _by_rule)
