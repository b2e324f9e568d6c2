"""The API's envelopes, problems and its health.

Plain dataclasses, not pydantic models: every function answers, most never validate a body, and pydantic costs
a function about as much start-up time as all the rest of it. Pydantic can make a schema of a dataclass, too.
"""

from dataclasses import dataclass
from typing import Literal, NewType

from models.examples import Examples


@dataclass(frozen=True, slots=True)
class Meta:
    """About an answer: ``request_id`` is the gateway's id of the request."""

    request_id: str


@dataclass(frozen=True, slots=True)
class PageMeta:
    """About a page: ``next_cursor`` is ``None`` on the last page only."""

    request_id: str
    next_cursor: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class APIResponse[T]:
    """The body of every success, except where an RFC defines the shape."""

    data: T
    meta: Meta


@dataclass(frozen=True, slots=True)
class PageResponse[T]:
    """One page of a list."""

    data: list[T]
    meta: PageMeta


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """The body of the gateway's own answers, whose shape an HTTP API cannot change."""

    message: str


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
class Health:
    """The answer of ``GET /healthz``: ``checks`` has one entry per dependency."""

    status: Literal["ok", "unavailable"]
    image_tag: str
    checks: dict[str, Literal["ok", "unavailable"]]


@dataclass(frozen=True, slots=True)
class Root:
    """The answer of ``GET /``: name and version, and in ``links`` the URLs to start with, by relation.

    ``release`` is the version with its origin as build metadata, such as ``0.1.0+0f3c9e1d2b4a.dirty``.
    """

    name: str
    version: str
    release: str
    environment: str
    links: dict[str, str]


Description = NewType("Description", dict[str, object])
"""An OpenAPI 3.1 document."""


def examples() -> Examples:
    """See ``models.examples``."""
    tag, issuer = "20260101-120000-0123abcd", "https://api.example"
    links = {"self": f"{issuer}/", "players": f"{issuer}/players"}
    return {
        Health: {
            "200": Health("ok", tag, {"table": "ok"}),
            "503": Health("unavailable", tag, {"table": "unavailable"}),
        },
        Root: {"A release": Root("PSN Partner Emulator", "0.1.0", "0.1.0+0f3c9e1d2b4a", "dev", links)},
        Description: {"The least there is": Description({"openapi": "3.1.1"})},
    }
