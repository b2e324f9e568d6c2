"""A sandbox in the API's answers; no pydantic, see ``models.responses``."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from models.examples import Examples

type SeedName = Literal["empty", "default", "large-1000", "document"]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox.

    ``base_url`` is where it is. ``seed`` and ``seed_number`` are those of its next reset, ``document`` a seed that was
    given as such; ``reset_pending`` says that what it was begun with is another. ``began_at`` is when its present
    generation began, ``ends_at`` when it vanishes, ``None`` if never, both by real time; ``ttl`` is how long a
    generation lives, an ISO 8601 duration. ``declared`` says whether it was made by PUT and not by being named.
    """

    name: str
    base_url: str
    seed: SeedName
    seed_number: int
    reset_pending: bool
    ttl: str | None
    strict: bool
    declared: bool
    began_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Import:
    """How far an import has come: ``sandbox`` is there after the last page, and before it ``next_page``, which the
    next page is sent with as the parameter ``continue``."""

    pages: int
    next_page: str | None
    sandbox: Sandbox | None


def examples() -> Examples:
    """See ``models.examples``."""
    sandbox = Sandbox(
        name="ci-7",
        base_url="https://api.example/s/ci-7",
        seed="large-1000",
        seed_number=7,
        reset_pending=False,
        ttl="PT2H",
        strict=False,
        declared=True,
        began_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        ends_at=datetime(2026, 1, 1, 14, tzinfo=UTC),
    )
    return {
        Sandbox: {"A sandbox": sandbox},
        Import: {
            "200": Import(2, None, sandbox),
            "202": Import(1, "19a3b2c4d5e6f7a8.1", None),
        },
    }
