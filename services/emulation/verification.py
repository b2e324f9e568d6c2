"""Asking the journal whether requests were sent, as many, and in which order."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import TYPE_CHECKING, Any, Final

from models.journal import Actual, Expected, MatchedField, NearMiss, Verification, VerificationFailure
from models.matching import Match
from services.emulation import journal_reading
from services.emulation.journal_reading import PAUSE, Recorded
from services.emulation.matching import Asked, criteria
from utils import waiting
from utils.errors import PSNEmulatorException
from utils.sandbox import Sandbox

if TYPE_CHECKING:
    from models.journal_body import VerifyBody, VerifyMatch

_TOLD: Final = 3

_NOTHING: Final = Verification(Expected(exactly=2), Actual(1, None), complete=True)


class VerificationFailedException(PSNEmulatorException):
    """What the journal holds is not what was expected, or cannot be known to be."""

    status = 409
    code = "verification_failed"
    title = "Verification failed"

    def __init__(self, found: Verification = _NOTHING, near_misses: list[NearMiss] | None = None) -> None:
        super().__init__(
            "The requests are not what was expected."
            if found.complete
            else "The requests are not what was expected, or some of them are missing in the journal."
        )
        self._found, self._near_misses = found, near_misses or []

    def answer(self, **common: Any) -> VerificationFailure:
        """The problem, with what there is."""
        found = self._found
        return VerificationFailure(
            **common,
            expected=found.expected,
            actual=found.actual,
            near_misses=self._near_misses,
            complete=found.complete,
        )


def verify(sandbox: Sandbox, body: "VerifyBody") -> Verification:
    """What the journal of ``sandbox`` has, when it is as ``body`` says; it is asked until then, or as long as it may.

    What may still become wrong by a request to come is waited for: that there are none, or at most so many. What a
    missing row could make wrong is not confirmed without it. Raises :class:`VerificationFailedException`.
    """
    began = waiting.began()
    latest = began + journal_reading.longest_wait().total_seconds()
    deadline = min(latest, began + body.within.total_seconds())
    tally = _Tally.of(body)
    while True:
        since = journal_reading.start(sandbox)
        is_last = time.monotonic() >= deadline
        is_complete = not journal_reading.has_gaps(sandbox, since)
        is_complete &= tally.read(sandbox, since, latest)
        if tally.is_over or is_last or (tally.holds(is_complete=is_complete) and not tally.may_break):
            found = Verification(tally.expected, tally.actual, is_complete)
            if tally.holds(is_complete=is_complete):
                return found
            raise VerificationFailedException(found, list(tally.near_misses()))
        waiting.pause(max(0.0, min(PAUSE.total_seconds(), deadline - time.monotonic())))


@dataclass(slots=True)
class _Nearest:
    """Of the requests that are compared with a match the best ones that are not it, and the last ones that are."""

    wanted: "VerifyMatch"
    match: Match
    count: int = 0
    missed: list[tuple[int, int, NearMiss]] = field(default_factory=list)
    met: list[NearMiss] = field(default_factory=list)

    def takes(self, row: Recorded, asked: Asked, number: int) -> bool:
        """Whether the row, the ``number``-th of all, is one of those that are meant."""
        compared = list(_compared(self.wanted, self.match, row, asked))
        miss, score = NearMiss(row["id"], compared), sum(one.ok for one in compared)
        if score == len(compared):
            self.count += 1
            self.met = [miss, *self.met[: _TOLD - 1]]
            return True
        if score:
            add = heappush if len(self.missed) < _TOLD else heappushpop
            add(self.missed, (score, number, miss))
        return False


@dataclass(slots=True)
class _Tally:
    """What was found up to now."""

    expected: Expected
    match: _Nearest | None
    steps: list[_Nearest]
    seen: set[str] = field(default_factory=set)
    received: list[tuple[str, str, list[bool]]] = field(default_factory=list)
    position: str = ""

    @classmethod
    def of(cls, body: "VerifyBody") -> "_Tally":
        """Nothing found yet for ``body``."""
        count = body.count.model_dump() if body.count else {"at_least": 1} if body.match else {}
        steps = [_Nearest(step, step.to_match()) for step in body.in_order or ()]
        return cls(
            Expected(**count, in_order=len(steps) or None),
            _Nearest(body.match, body.match.to_match()) if body.match else None,
            steps,
        )

    def read(self, sandbox: Sandbox, since: str, latest: float) -> bool:
        """Read on in the journal; whether its end was reached before ``latest``."""
        settled = journal_reading.settled()
        for place, row, _ in journal_reading.rows(sandbox, max(since, self.position), since=since):
            if row["id"] not in self.seen:
                self.seen.add(row["id"])
                self._add(place, row)
            if place < settled:
                self.position = place
            if time.monotonic() > latest:
                return False
        return True

    def _add(self, place: str, row: Recorded) -> None:
        asked = Asked(
            row["method"],
            row["path"],
            row["sub"],
            row["client_id"],
            row["player_id"],
            row["request"]["headers"],
        )
        number = len(self.seen)
        if self.match is not None:
            self.match.takes(row, asked, number)
        taken = [step.takes(row, asked, number) for step in self.steps]
        if any(taken):
            self.received.append((row["received_at"], place, taken))

    @property
    def actual(self) -> Actual:
        """What there is."""
        return Actual(self.match.count if self.match else None, self._steps_in_order if self.steps else None)

    @property
    def _steps_in_order(self) -> int:
        step = 0
        for _, _, taken in sorted(self.received):
            if step < len(self.steps) and taken[step]:
                step += 1
        return step

    @property
    def is_over(self) -> bool:
        """Whether there are already more than may be, which no further request mends."""
        most = self.expected.at_most if self.expected.exactly is None else self.expected.exactly
        return self.match is not None and most is not None and self.match.count > most

    @property
    def may_break(self) -> bool:
        """Whether what holds now may still be wrong by the next request."""
        return self.expected.at_most is not None or self.expected.exactly == 0

    def holds(self, *, is_complete: bool) -> bool:
        """Whether it is as expected; how many there are at most is not known unless the journal ``is_complete``."""
        count, expected = self.actual.count or 0, self.expected
        if self._steps_in_order < len(self.steps) or count < (expected.exactly or expected.at_least or 0):
            return False
        has_bound = expected.exactly is not None or expected.at_most is not None
        return not has_bound or (is_complete and not self.is_over)

    def near_misses(self) -> Iterator[NearMiss]:
        """Up to three requests that tell why it is not so: those that are too many, or come closest to what lacks."""
        if self.is_over and self.match:
            yield from self.match.met
            return
        reached = self._steps_in_order
        lacking = self.steps[reached] if reached < len(self.steps) else self.match
        if lacking is not None:
            yield from (miss for _, _, miss in sorted(lacking.missed, reverse=True))


def _compared(wanted: "VerifyMatch", match: Match, row: Recorded, asked: Asked) -> Iterator[MatchedField]:
    """What is asked for, each part beside what the row has."""
    for one in criteria(match, asked):
        yield MatchedField(one.field, one.expected, one.actual, one.ok)
    if wanted.status is not None:
        status = row["response"]["status"]
        yield MatchedField("status", wanted.status, status, wanted.status == status)
    if wanted.body is not None:
        body = row["request"]["body"]
        yield MatchedField("body", wanted.body, body, _has(body, wanted.body))


def _has(actual: Any, expected: Any) -> bool:
    """Whether JSON is what was expected: of an object some members, at any depth; anything else as it is."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            name in actual and _has(actual[name], member) for name, member in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(map(_has, actual, expected))
    return isinstance(actual, bool) == isinstance(expected, bool) and bool(actual == expected)
