"""The six scenarios: what each asks of a tool, and what has to come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.comparison.application import ERROR, TIMEOUT, Noted

type Outcome = Mapping[str, bool] | Sequence[Noted]
"""What the application noted, in order, or which parts of a scenario hold."""
type Verdict = Literal["yes", "in part", "no"]


class CannotError(Exception):
    """The tool has nothing for the scenario; the text says why."""


@dataclass(frozen=True)
class Scenario:
    """``name`` is the function that each tool's script has for it; ``holds`` is what the application notes where all
    of it is there, ``in_part`` where something is."""

    name: str
    title: str
    asks: str
    holds: Outcome
    in_part: tuple[Outcome, ...] = ()

    def verdict(self, outcome: Outcome) -> Verdict:
        """Whether all of the scenario came of it, some, or nothing."""
        if outcome == self.holds:
            return "yes"
        some = isinstance(outcome, Mapping) and any(outcome.values())
        return "in part" if some or outcome in self.in_part else "no"


_CAREFUL: list[Noted] = [ERROR, 1, 201, 1]

SCENARIOS = (
    Scenario(
        "expired_token",
        "An expired token",
        "A token that opened the API is refused with 401 once its time is over; the next one opens it, and the old one "
        "still does not.",
        [200, 401, 200, 401],
        ([200, 401, 200, 200],),
    ),
    Scenario(
        "unavailable_twice",
        "503 twice, then success",
        "Two requests meet 503, the third succeeds.",
        [503, 503, 200],
    ),
    Scenario(
        "rate_limited",
        "A rate limit with Retry-After",
        "Of three requests the third is answered 429 and a `Retry-After`; after this time it is answered 200. A client "
        "that does not wait is refused again and again.",
        [200, 200, 429, 200, 200, 429, 429],
        ([200, 200, 429, 200, 200, 200, 200],),
    ),
    Scenario(
        "lost_response",
        "A lost response",
        "A `POST` is carried out and answered by an error. Sent again with its `Idempotency-Key` it has one effect; "
        "sent again with another key, as a careless client does, it has two, and that shows.",
        [*_CAREFUL, ERROR, 1, 201, 2],
        ([*_CAREFUL, ERROR, 1, 201, 1],),
    ),
    Scenario(
        "slow_partner",
        "A slow partner",
        "One request takes 3 s, longer than the client waits; the next is answered at once.",
        [TIMEOUT, 200],
    ),
    Scenario(
        "parallel_jobs",
        "Parallel jobs",
        "Eight jobs use one process of the tool at once. Each sees its own player only, its token opens no other job's "
        "API, its 503 meets no other, and an hour that passes for it passes for no other.",
        dict.fromkeys(("data", "tokens", "faults", "clock"), True),
    ),
)
JOBS = 8
