"""What the API answers around its data: envelopes, problems, health.

Plain dataclasses, not pydantic models: every function answers, most never validate a body, and pydantic costs
a function about as much start time as all the rest of it. Pydantic can read a dataclass's schema all the same.
"""

from dataclasses import dataclass
from typing import Literal, NewType

from models.examples import Examples


@dataclass(frozen=True, slots=True)
class Meta:
    """What is said about an answer: the gateway's id of the request."""

    request_id: str


@dataclass(frozen=True, slots=True)
class PageMeta:
    """What is said about a page. ``next_cursor`` is ``None`` only on the last page."""

    request_id: str
    next_cursor: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class APIResponse[T]:
    """Every success that has a body, except those whose shape an RFC gives."""

    data: T
    meta: Meta


@dataclass(frozen=True, slots=True)
class PageResponse[T]:
    """Some of many, in a row."""

    data: list[T]
    meta: PageMeta


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """What the gateway answers by itself, which an HTTP API cannot shape."""

    message: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field: ``field`` is a dotted path such as ``trophies.gold``, ``code`` stable."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A problem by RFC 9457, sent as ``application/problem+json``.

    ``code`` is the stable name of the condition, ``request_id`` leads to the log line.
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
    """The problem of a ``validation_error``: every invalid field is in ``errors``."""

    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class OAuthErrorResponse:
    """The refusal of an OAuth endpoint (RFC 6749 section 5.2, RFC 6750 section 3.1)."""

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
    """The answer of ``GET /``: what this is and where to go; ``links`` maps a relation to a URL.

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
