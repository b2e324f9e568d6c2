"""The journal in the API's answers: requests to the partner's routes, and what they were asked about; no pydantic, see
``models.responses``."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from models.examples import Examples
from models.problems import ErrorResponse

NOW: Final = "now"
"""The place in the journal that whoever begins to follow it begins at."""

type Left = Literal["too_large", "html", "unreadable"]


@dataclass(frozen=True, slots=True)
class RecordedSide:
    """A request or a response, without secrets: header names are in lower case.

    ``body`` is JSON, or a form as an object of its fields. ``body_left`` says why not all of it is there: of one that
    is ``too_large`` its beginning is told as text, if anything; nothing is kept of ``html`` and of what is
    ``unreadable``.
    """

    headers: dict[str, str]
    body: Any
    body_left: Left | None


@dataclass(frozen=True, slots=True)
class SentRequest(RecordedSide):
    """A request's headers, query (the values by name, several in a list) and body."""

    query: dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class GivenResponse(RecordedSide):
    """An answer's status, headers and body."""

    status: int


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request to one of the partner's routes, with its answer; ``id`` is its ``X-Request-Id``.

    ``received_at`` is by real time, ``sandbox_time`` by the sandbox's clock; ``path`` is under the base URL. ``route``
    is the name of its operation. ``sub`` and ``client_id`` are whom the request says that it is from, ``player_id`` is
    the player's in the path. ``fault`` is what made it fail: a rule's id, ``header``, ``magic`` or ``limit``.
    """

    id: str
    received_at: datetime
    sandbox_time: datetime
    method: str
    path: str
    route: str
    client_id: str | None
    sub: str | None
    player_id: str | None
    request: SentRequest
    response: GivenResponse
    duration_ms: float
    fault: str | None
    idempotent_replay: bool


@dataclass(frozen=True, slots=True)
class JournalMeta:
    """About a part of the journal: ``next_cursor`` is the ``after`` of the next one. There always is one, but after the
    first request of all in descending order; ``has_more`` says whether more is there already."""

    request_id: str
    next_cursor: str | None
    has_more: bool
    limit: int


@dataclass(frozen=True, slots=True)
class RecordedRequests:
    """A part of the journal."""

    data: list[RecordedRequest]
    meta: JournalMeta


@dataclass(frozen=True, slots=True)
class Expected:
    """What was to be: how many requests, and of how many steps in a row."""

    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    in_order: int | None = None


@dataclass(frozen=True, slots=True)
class Actual:
    """What there is: how many requests match, and how many of the steps follow on each other, from the first one."""

    count: int | None
    in_order: int | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What the journal was asked, and what it has; ``complete`` says whether every request is known to be in it."""

    expected: Expected
    actual: Actual
    complete: bool


@dataclass(frozen=True, slots=True)
class MatchedField:
    """One thing that a request was to have, beside what it has."""

    field: str
    expected: Any
    actual: Any
    ok: bool


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A request that comes close to what was asked for, or one of those that should not have been sent."""

    request_id: str
    criteria: list[MatchedField]


@dataclass(frozen=True, slots=True)
class VerificationFailure(ErrorResponse):
    """The problem of a ``verification_failed``."""

    expected: Expected
    actual: Actual
    near_misses: list[NearMiss]
    complete: bool


def examples() -> Examples:
    """See ``models.examples``."""
    request = RecordedRequest(
        id="Yk3rDj9hIAMEPVA=",
        received_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        sandbox_time=datetime(2026, 1, 2, 12, tzinfo=UTC),
        method="GET",
        path="/players/0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11",
        route="players-get",
        client_id="demo-backend",
        sub="9c588f6d-700d-473d-879c-c547c665f9e8",
        player_id="0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11",
        request=SentRequest({"authorization": "[masked]", "accept": "*/*"}, None, None, {}),
        response=GivenResponse(
            {"content-type": "application/problem+json", "x-emulator-fault-applied": "fault-1"},
            {"code": "unavailable", "status": 503},
            None,
            503,
        ),
        duration_ms=1.7,
        fault="fault-1",
        idempotent_replay=False,
    )
    return {
        RecordedRequest: {"One that a rule made fail": request},
        RecordedRequests: {
            "A part": RecordedRequests(
                [request], JournalMeta("Yk3rDj9hIAMEPVB=", "eyJyZXF1ZXN0cyJd", has_more=False, limit=20)
            )
        },
        Verification: {"It is so": Verification(Expected(exactly=2), Actual(2, None), complete=True)},
    }
