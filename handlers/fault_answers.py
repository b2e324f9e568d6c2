"""The answers of faulted requests: a fault's own, or the handler's, spoilt."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from handlers.refusals import refusal
from models.fault import Fault, Malformation
from routes import FAULT_APPLIED, Route
from services.emulation import earlier
from services.emulation.fault_rules import Injected
from services.emulation.limits import Counted
from services.identity.sessions import InvalidTokenException
from utils import strict_json, waiting
from utils.errors import (
    NotFoundException,
    PayloadTooLargeException,
    PSNEmulatorException,
    SandboxFullException,
    ThrottledException,
    UnavailableException,
    UnsupportedMediaTypeException,
    VersionConflictException,
)
from utils.http import HTML_TYPE, JSON_TYPE, Request, Response
from utils.named import named
from utils.oauth_errors import InsufficientScopeException, OAuthException
from utils.settings import settings

LIMIT: Final = "limit"
"""What an answer to a request over the rate limit says that its fault comes from."""
CODE: Final = "injected_fault"
"""The ``code`` of a problem whose status none of the API's own has."""
TEXT_TYPE: Final = "text/plain; charset=utf-8"

_LOST: Final = HTTPStatus.GATEWAY_TIMEOUT
_BEYOND: Final = 0.25
"""Seconds that a request takes longer than the gateway waits for it; the function has one more than the gateway."""
_WITHOUT_CONTENT: Final = (204, 205, 304)
"""Statuses whose answers have no content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5)."""
_INERT: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""What has a browser run nothing of a body that a fault made, for it comes from the origin of the login page and the
console: the body is in an origin of its own, without scripts, and is what its type says."""
_SPELT: Final = {"etag": "ETag", "www-authenticate": "WWW-Authenticate"}
_OF_ANY_ROUTE: Final = (
    NotFoundException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
    ThrottledException,
    PSNEmulatorException,
    UnavailableException,
    SandboxFullException,
)


def answer(injected: Injected, request: Request, route: Route, handle: Callable[..., Response]) -> Response:
    """The answer to a ``request`` that a fault has befallen, and which says so in ``X-Emulator-Fault-Applied``.

    ``handle`` carries the request out, which it is not for an answer of a given status and for one that comes too late.
    """
    patience = settings().api_timeout.total_seconds()
    if injected.delay_ms:
        waiting.pause_once(f"delay of {injected.source}", min(injected.delay_ms / 1000, patience))
    if injected.fault.timeout:
        waiting.pause_once(f"timeout of {injected.source}", patience + _BEYOND)
    fault = injected.fault
    response = _response(fault, request, route, handle)
    inert = _INERT if fault.status is not None or fault.malformed else {}
    return replace(response, headers={**response.headers, **inert, FAULT_APPLIED: injected.source})


def _stale(request: Request) -> Request:
    """``request`` as it would have been before the last write, if it reads; another is the same as ever."""
    if request.method not in ("GET", "HEAD"):
        return request
    items = earlier.snapshot(request.sandbox, request.items, request.path_parameters.get("player_id"))
    return replace(request, items=items, is_stale=True)


def over_limit(counted: Counted, request: Request, route: Route) -> Response:
    """The answer to a ``request`` that was one too many for the sandbox's rate limit."""
    error = ThrottledException("The rate limit is used up.", retry_after_seconds=counted.seconds)
    response = refusal(request, route, error)
    return replace(response, headers={**response.headers, FAULT_APPLIED: LIMIT})


def _response(fault: Fault, request: Request, route: Route, handle: Callable[..., Response]) -> Response:
    if fault.status is not None:
        return _of_status(fault, fault.status, request, route)
    if fault.timeout:
        return refusal(request, route, _error(route, _LOST))
    response = handle(_stale(request)) if fault.stale else handle()
    if fault.lost_response:
        return refusal(request, route, _error(route, _LOST))
    if fault.malformed:
        return _malformed(response, fault.malformed)
    return response


def _of_status(fault: Fault, status: int, request: Request, route: Route) -> Response:
    """An answer of ``status``: with the fault's body, or as the route tells of such an error."""
    headers = {_spelt(name): value for name, value in (fault.headers or {}).items()}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    media_type = headers.pop("Content-Type", None)
    if fault.body is None and status >= HTTPStatus.BAD_REQUEST:
        response = refusal(request, route, _error(route, status))
        return replace(
            response,
            headers={**response.headers, **headers},
            media_type=media_type or response.media_type,
        )
    if fault.body is None or isinstance(fault.body, str):
        return Response(status, fault.body, headers, media_type or TEXT_TYPE)
    return Response(status, strict_json.dump(fault.body), headers, media_type or JSON_TYPE)


def _spelt(name: str) -> str:
    """A header's name in the spelling of those that every answer has, so that it takes their place."""
    return _SPELT.get(name.lower()) or "-".join(part.capitalize() for part in name.split("-"))


def _error(route: Route, status: int) -> PSNEmulatorException:
    """What ``route`` would raise of this ``status``: an exception of its own, one that any route has, or, where there
    is none, one in the route's form that tells of the status alone."""
    for error in _own(route):
        if error.status == status:
            return error
    is_oauth = route.errors_as == "oauth"
    error = (OAuthException if is_oauth else PSNEmulatorException)("A fault was asked for.")
    try:
        error.title = HTTPStatus(status).phrase
    except ValueError:
        error.title = "Injected fault"
    error.status = status
    oauth_code = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
    error.code = oauth_code if is_oauth else CODE
    return error


def _own(route: Route) -> Iterator[PSNEmulatorException]:
    """The exceptions that ``route`` may answer with, as far as they say nothing of a certain request."""
    for name in route.errors:
        kind: type[PSNEmulatorException] = named(name)
        if kind is InsufficientScopeException:
            yield InsufficientScopeException(route.bearer or "openid")
        else:
            yield kind()
    if route.scope:
        yield InvalidTokenException()
    if route.versioned and route.method != "GET":
        yield VersionConflictException()
    yield from (kind() for kind in _OF_ANY_ROUTE)


def _malformed(response: Response, how: Malformation) -> Response:
    """``response`` with a body that is not what it should be; one whose status allows none becomes a 200."""
    body: str = response.body or ""
    if response.status in _WITHOUT_CONTENT:
        response = replace(response, status=200)
    match how:
        case "invalid_json":
            return replace(response, body="{," + body.removeprefix("{"))
        case "truncated":
            return replace(response, body=body[: len(body) // 2] or "{")
        case "empty":
            return replace(response, body="")
        case "content_type":
            is_page = response.media_type == HTML_TYPE
            return replace(response, body=body, media_type=JSON_TYPE if is_page else HTML_TYPE)
