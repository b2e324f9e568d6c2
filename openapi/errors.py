"""What a route answers when it refuses, or when the gateway does in its place."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from models.problems import FieldError, OAuthErrorResponse
from openapi.operation import REQUEST_ID, Error, Operation
from routes import Route
from services.emulation.fault_header import FaultsOffException, InvalidFaultException
from services.identity.sessions import InvalidTokenException
from services.sandboxes.opening import (
    InvalidSandboxException,
    SandboxMismatchException,
    SandboxNotFoundException,
)
from utils.errors import (
    MalformedJSONException,
    PayloadTooLargeException,
    PSNEmulatorException,
    SandboxFullException,
    ThrottledException,
    UnavailableException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from utils.http import HTML_TYPE, JSON_TYPE, PROBLEM_TYPE, Request, problem
from utils.oauth_errors import (
    InsufficientScopeException,
    InvalidClientException,
    InvalidGrantException,
    OAuthException,
)

GATEWAYS_OWN: Final[Mapping[int, str]] = {
    401: "Unauthorized",
    403: "Forbidden",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""What the gateway says by itself: the first two where a route has a scope, the third where it has a body."""

SOMETIMES: Final[Mapping[Error, tuple[str, ...]]] = {
    InvalidGrantException: ("Retry-After",),
    InvalidClientException: ("Retry-After",),
}
"""Headers that not every error of a class has: this one while the username or the client is locked out."""

_OF_JSON: Final = (
    MalformedJSONException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
    ValidationException,
)
_SAMPLES: Final[Mapping[type[PSNEmulatorException], PSNEmulatorException]] = {
    error.__class__: error
    for error in (
        ValidationException([FieldError("username", "string_type", "Input should be a valid string.")]),
        InsufficientScopeException("openid"),
    )
}
_REQUEST: Final = Request("GET", "/players", REQUEST_ID)


def sample(error: Error) -> PSNEmulatorException:
    """An error of this class, as it is raised somewhere."""
    return _SAMPLES[error] if error in _SAMPLES else error()


def name(error: Error) -> str:
    """What the example of an error of this class is called."""
    return f"oauth_{error.code}" if issubclass(error, OAuthException) else error.code


def example(error: Error) -> Any:
    """The body that tells of an error of this class."""
    raised = sample(error)
    if isinstance(raised, OAuthException):
        return OAuthErrorResponse(raised.error, raised.error_description)
    return problem(_REQUEST, raised).body


def model(error: Error) -> Any:
    """The type of :func:`example`."""
    return type(example(error))


def media_type(error: Error, route: Route) -> str:
    """How ``route`` sends an error of this class."""
    if route.errors_as == "page" and error is not PSNEmulatorException:
        return HTML_TYPE
    return JSON_TYPE if issubclass(error, OAuthException) else PROBLEM_TYPE


def by_status(route: Route, operation: Operation) -> dict[int, list[Error]]:
    """The classes of the errors that the route answers with, by status."""
    classes: dict[int, list[Error]] = {}
    for error in dict.fromkeys((*_implied(route, operation), *operation.errors)):
        classes.setdefault(error.status, []).append(error)
    return classes


def by_gateway(route: Route, operation: Operation) -> set[int]:
    """The statuses with which the gateway may answer in the route's place."""
    left_out = {*(() if route.scope else (401, 403)), *(() if operation.bodies else (413,))}
    return GATEWAYS_OWN.keys() - left_out


def _implied(route: Route, operation: Operation) -> Iterator[Error]:
    """What comes with every route, with a scope and with a body in JSON."""
    yield PSNEmulatorException
    if route.is_partners:
        yield from (InvalidFaultException, FaultsOffException)
    if route.actions(emulates=True) or route.secrets:
        yield ThrottledException
        yield UnavailableException
    if not {"PutItem", "UpdateItem", "DeleteItem"}.isdisjoint(route.table):
        yield SandboxFullException
    if route.errors_as == "problem":
        yield from (InvalidSandboxException, SandboxMismatchException)
    if route.scope:
        yield from (InvalidTokenException, SandboxNotFoundException)
    if route.errors_as == "problem" and operation.bodies:
        yield from _OF_JSON
