"""Faults and the rules that inject them, in the API's answers; no pydantic, for every partner's route reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self

from models.examples import Examples
from models.matching import Match

type Malformation = Literal["invalid_json", "truncated", "content_type", "empty"]
type Then = Literal["pass", "repeat", "last"]
type Passing = Literal["pass"]

PASS: Final = "pass"  # noqa: S105 - a step's name
"""The step of a sequence that lets a request through."""

KINDS: Final = ("status", "malformed", "timeout", "stale", "lost_response")
"""The members of a fault of which it has one, or none and a delay."""


@dataclass(frozen=True, slots=True)
class UniformDelay:
    """A delay of anything between two numbers of milliseconds."""

    uniform: list[int]


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal distribution by its mean and standard deviation, in milliseconds."""

    mean: float
    sd: float


@dataclass(frozen=True, slots=True)
class NormalDelay:
    """A delay by a normal distribution; one that would be negative is none."""

    normal: Normal


type Delay = int | UniformDelay | NormalDelay


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request, one of :data:`KINDS` and a delay before it, or the delay alone.

    ``status`` is answered in the handler's place, with ``headers``, ``body`` and ``retry_after`` (seconds). An answer
    that is ``malformed`` or lost (``lost_response``) was one of the handler's; with ``timeout`` the gateway does not
    wait long enough for one; one that is ``stale`` is as before the last write. ``delay_ms`` is in milliseconds.
    """

    status: int | None = None
    headers: Mapping[str, str] | None = None
    body: Any = None
    retry_after: int | None = None
    malformed: Malformation | None = None
    timeout: Literal[True] | None = None
    stale: Literal[True] | None = None
    lost_response: Literal[True] | None = None
    delay_ms: Delay | None = None

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Self:
        """The fault in a JSON object."""
        return cls(**{**members, "delay_ms": _delay(members.get("delay_ms"))})


def _delay(value: Any) -> Delay | None:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    if "uniform" in value:
        return UniformDelay(value["uniform"])
    return NormalDelay(Normal(**value["normal"]))


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A rule that injects faults.

    Of ``faults`` each request that it acts on takes the next, ``then`` says what follows the last: the first again
    (``repeat``), the same again (``last``), or nothing. It acts ``times`` times at most, and each time with a
    ``probability``. ``hits`` is how often it has, ``remaining`` how often it will still, ``None`` if there is no end;
    ``expires_at`` is by the sandbox's clock.
    """

    id: str
    match: Match
    faults: list[Fault | Passing]
    then: Then
    times: int | None
    probability: float | None
    hits: int
    remaining: int | None
    created_at: datetime
    expires_at: datetime | None


def examples() -> Examples:
    """See ``models.examples``."""
    unavailable = Fault(status=503, retry_after=2)
    rule = FaultRule(
        id="fault-1",
        match=Match("GET", "/players/{player_id}"),
        faults=[unavailable, unavailable, PASS],
        then="pass",
        times=None,
        probability=None,
        hits=1,
        remaining=2,
        created_at=datetime(2026, 1, 2, 8, 15, tzinfo=UTC),
        expires_at=None,
    )
    return {FaultRule: {"503 twice": rule}}
