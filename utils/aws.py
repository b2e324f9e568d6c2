"""AWS clients: plain botocore, made on first use, one per service and process.

boto3 would add to every cold start and give only its resources, which nothing here uses. Region, credentials
and endpoint come from the standard ``AWS_`` variables.
"""

from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from utils.lazy_module import lazy_module
from utils.version import VERSION

if TYPE_CHECKING:
    from utils.errors import UnavailableException

_CONNECT_SECONDS = 1
_READ_SECONDS = 2
_USER_AGENT = f"psn-partner-emulator/{VERSION}"
"""What botocore says of itself by default it puts together twice a call, in a tenth of the call's processor time."""
_CALLS = 3
"""Attempts a call; with these time-outs the worst case stays under a function's ten seconds."""
_HURRIED_CONNECT_SECONDS = 0.25
_HURRIED_READ_SECONDS = 0.75
"""With the one attempt that a hurried call has, it takes a second at most."""
_THROTTLES = frozenset(
    {"ProvisionedThroughputExceeded", "RequestLimitExceeded", "Throttling", "ThrottlingError"}
)

_OUTAGES = frozenset(
    {"InternalFailure", "InternalServer", "InternalService", "RequestTimeout", "ServiceUnavailable"}
)

checks_arguments = False
"""Whether botocore holds the arguments of calls to its descriptions before it sends them, as it does in the tests. AWS
does too, and it is a seventh of a call's processor time."""

calls: Final[list[tuple[str, float, float]]] = []
"""The calls of the request under way, for the line that its log ends with: the client's method, when it began by
``perf_counter`` and how long it took, in seconds. Whoever begins a request empties it."""


@cache
def client(service: str, *, hurried: bool = False) -> Any:
    """The client of ``service`` such as ``dynamodb``; botocore's clients may be shared by threads.

    A ``hurried`` one gives up after a second, and tries nothing twice.
    """
    with lazy_module("importlib.metadata"):  # by which urllib3 finds the version of a package for HTTP/2
        from botocore.config import Config
        from botocore.session import get_session

    config = Config(
        connect_timeout=_HURRIED_CONNECT_SECONDS if hurried else _CONNECT_SECONDS,
        read_timeout=_HURRIED_READ_SECONDS if hurried else _READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1 if hurried else _CALLS},
        user_agent=_USER_AGENT,
        parameter_validation=checks_arguments,
    )
    session = get_session()
    session.register_component("data_loader", _loader())
    return session.create_client(service, config=config)


@cache
def _loader() -> Any:
    """What reads botocore's models of services, each once."""
    from botocore.loaders import create_loader

    return create_loader()


def call(service: str, operation: str, *, hurried: bool = False, **arguments: Any) -> dict[str, Any]:
    """The answer of ``service`` to the client's method ``operation``, ``hurried`` or with patience.

    Raises :class:`ThrottledException` for want of capacity and :class:`UnavailableException` when the service does not
    answer in time, cannot be reached, breaks off or has a fault of its own. Any other refusal is botocore's
    ``ClientError``. Of botocore's further errors none is met: the arguments and the answers are of their models, and
    a function always has credentials and a region.
    """
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    from utils.errors import (
        ThrottledException,
    )  # the authorizer, which calls nothing, loads none of the answers

    began = perf_counter()
    try:
        answer: dict[str, Any] = getattr(_client(service, hurried=hurried), operation)(**arguments)
    except exceptions.ClientError as error:
        if is_throttled(error_code(error)):
            raise ThrottledException from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= 500 or error_code(error).removesuffix("Error") in _OUTAGES:
            raise _unavailable(service, operation, error_code(error)) from error
        raise
    except (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.IncompleteReadError,
        ResponseParserError,
    ) as error:
        raise _unavailable(service, operation, type(error).__name__) from error
    finally:
        calls.append((operation, began, perf_counter() - began))
    return answer


def _client(service: str, *, hurried: bool) -> Any:
    return client(service, hurried=True) if hurried else client(service)


def error_code(error: Any) -> str:
    """The code of a ``ClientError``, without the suffix ``Exception`` that only some have."""
    return str(error.response.get("Error", {}).get("Code")).removesuffix("Exception")


def is_throttled(code: str) -> bool:
    """Whether :func:`error_code`, or a reason for which a transaction was cancelled, means want of capacity."""
    return code in _THROTTLES


def _unavailable(service: str, operation: str, cause: str) -> "UnavailableException":
    from utils.errors import UnavailableException
    from utils.logger import logger

    logger.warning(
        "AWS does not answer", extra={"service_asked": service, "operation": operation, "cause": cause}
    )
    return UnavailableException()
