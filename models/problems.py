"""What the API answers instead of a success; no pydantic, see ``models.responses``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error of one field: ``field`` is a dotted path such as ``trophies.gold``, ``code`` a stable name."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A problem by RFC 9457, sent as ``application/problem+json``.

    ``code`` is the stable name of the condition; ``request_id`` is in the log lines of the request.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ValidationErrorResponse(ErrorResponse):
    """The problem of a ``validation_error``; ``errors`` has every invalid field."""

    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class OAuthErrorResponse:
    """The error of an OAuth endpoint (RFC 6749 section 5.2, RFC 6750 section 3.1)."""

    error: str
    error_description: str


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """The body of the gateway's own answers, whose shape an HTTP API cannot change."""

    message: str
