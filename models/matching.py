"""Which requests are meant; no pydantic, for every partner's route reads it (``models.match_body`` takes it)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Match:
    """The requests that have all of this; what is ``None`` or empty says nothing.

    ``path`` is under the base URL, with ``*`` or ``{name}`` for a segment and ``**`` at its end for the rest. ``sub``
    and ``client_id`` are the caller's, ``player_id`` the player's in the path, ``header`` has values by name.
    """

    method: str | None = None
    path: str | None = None
    sub: str | None = None
    client_id: str | None = None
    player_id: str | None = None
    header: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A part of a :class:`Match` beside what a request has; ``field`` is such as ``path`` or ``header.x-run``."""

    field: str
    expected: str
    actual: str | None
    ok: bool
