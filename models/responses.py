"""The API's envelopes.

Plain dataclasses, not pydantic models: every function answers, most never validate a body, and pydantic costs
a function about as much start-up time as all the rest of it. Pydantic can make a schema of a dataclass, too.
"""

from dataclasses import dataclass


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
