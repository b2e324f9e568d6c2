"""A sandbox's rate limit; no pydantic, for every partner's route reads it (``models.limit_body`` takes it)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from models.examples import Examples

type LimitHeaders = Literal["draft", "legacy"]
"""How answers tell of it: ``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers, from its eighth
version on), or the three fields ``RateLimit-Limit``, ``-Remaining`` and ``-Reset`` of its earlier ones."""


@dataclass(frozen=True, slots=True)
class SandboxLimit:
    """How many requests each client may send in each window.

    A window has ``window_seconds``; the first began at ``began_at``, by real time in microseconds since 1970.
    """

    requests: int
    window_seconds: int
    headers: LimitHeaders
    began_at: int

    def to_attribute(self) -> dict[str, Any]:
        """The limit as an attribute of the sandbox's item."""
        return {
            "requests": self.requests,
            "window_seconds": self.window_seconds,
            "headers": self.headers,
            "began_at": self.began_at,
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "SandboxLimit | None":
        """The limit in a sandbox's item, if there is one."""
        return cls(**item["limit"]) if "limit" in item else None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A rate limit: each client may send so many ``requests`` in each ``window``, an ISO 8601 duration of real time.

    ``headers`` is how answers tell of it: ``draft``, by `RateLimit` and `RateLimit-Policy`, or ``legacy``, by
    `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`.
    """

    requests: int
    window: str
    headers: LimitHeaders


def examples() -> Examples:
    """See ``models.examples``."""
    return {RateLimit: {"Five a minute": RateLimit(requests=5, window="PT1M", headers="draft")}}
