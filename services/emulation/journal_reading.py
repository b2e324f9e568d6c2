"""Reading the journal: in the order of its rows, none passed over, and waiting for those that are to come."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Any, Final, NamedTuple

from services.emulation.journal_keys import (
    GAP,
    KEPT,
    SETTLED,
    cleared_key,
    gaps,
    microseconds,
    now,
    partitions,
    position,
)
from services.sandboxes.opening import began
from utils import strict_json, table, waiting
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.writes import Update

PAUSE: Final = timedelta(milliseconds=400)
"""How long a reader that waits leaves the table alone."""
_LEFT_TO_ANSWER: Final = timedelta(seconds=3)
"""How long before the gateway's patience ends a reader waits no longer."""

_FIRST_PAGE: Final = 25
_PAGE: Final = 100
_EXAMINED: Final = 2000
"""How many rows one answer looks at."""
_ANSWERED: Final = 4 * 1024 * 1024
"""After how many bytes an answer has enough: Lambda sends 6 MB."""

type Recorded = dict[str, Any]
"""A row as the answers tell it (``models.journal.RecordedRequest``)."""


class Placed(NamedTuple):
    """A row, its position, and its size in bytes."""

    position: str
    row: Recorded
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """Rows, the position after which the next part begins, and whether there may be more by now."""

    rows: list[Recorded]
    position: str
    has_more: bool


@dataclass(slots=True)
class _Search:
    """What is found of the rows from ``position`` on, up to ``limit``."""

    wanted: Callable[[Recorded], bool]
    limit: int
    position: str
    rows: dict[str, Recorded] = field(default_factory=dict)
    examined: int = 0
    size: int = 0

    @property
    def is_full(self) -> bool:
        """Whether one answer has enough."""
        return len(self.rows) == self.limit or self.examined == _EXAMINED or self.size >= _ANSWERED

    def take(self, placed: Placed) -> None:
        """Look at a row."""
        self.examined += 1
        if self.wanted(placed.row) and placed.row["id"] not in self.rows:
            self.rows[placed.row["id"]] = placed.row
            self.size += placed.size

    def part(self, position: str, *, has_more: bool) -> Part:
        """What was found."""
        return Part([*self.rows.values()], position, has_more)


def longest_wait() -> timedelta:
    """How long a reader may take, for the gateway to wait for its answer."""
    return max(timedelta(), settings().api_timeout - _LEFT_TO_ANSWER)


def start(sandbox: Sandbox) -> str:
    """The position at which the journal of ``sandbox`` begins: when it was cleared, or as long ago as rows are kept."""
    item = table.get(cleared_key(sandbox)) or {}
    return position(max(item.get("at", 0), now() - microseconds(KEPT)))


def settled() -> str:
    """The position before which all rows are in the table for certain."""
    return position(now() - microseconds(SETTLED))


def settled_at_first() -> str:
    """What :func:`settled` is, or was when a function that is carried out anew was begun first."""
    since = timedelta(seconds=time.monotonic() - waiting.began())
    return position(now() - microseconds(SETTLED) - microseconds(since))


def clear(sandbox: Sandbox) -> None:
    """Let the journal of ``sandbox`` begin now."""
    table.write(Update(cleared_key(sandbox), assign={"at": now()}))


def has_gaps(sandbox: Sandbox, since: str) -> bool:
    """Whether a row after the position ``since`` may be missing. Who asks before reading rows is told of all that are
    missing then."""
    nameless = Sandbox(sandbox.name)
    if sandbox.universe == nameless.universe:
        return _has_gaps(sandbox, since)
    first = max(since, position(began(sandbox.generation) * 1_000_000))
    return _has_gaps(sandbox, since) or _has_gaps(nameless, first)


def _has_gaps(sandbox: Sandbox, since: str) -> bool:
    after = GAP
    while items := table.query(gaps(sandbox), limit=_PAGE, after=after):
        if any(not item["is_filled"] and position(item["at"]) >= since for item in items):
            return True
        if len(items) < _PAGE:
            break
        after = items[-1]["sk"]
    return False


def rows(sandbox: Sandbox, after: str, *, since: str, descending: bool = False) -> Iterator[Placed]:
    """The rows after the position ``after`` in their order, read as they are asked for.

    Those that were written later than they were answered are left out if that was before ``since``.
    """
    ask = partial(table.query, limit=_FIRST_PAGE, after=after or None, descending=descending)
    places = partitions(sandbox)
    with ThreadPoolExecutor(len(places)) as pool:
        first = list(pool.map(ask, places))
    each = (
        chain(page, _rest(place, page, descending=descending))
        for place, page in zip(places, first, strict=True)
    )
    for item in merge(*each, key=itemgetter("sk"), reverse=descending):
        if position(item["at"]) >= since:
            yield Placed(item["sk"], strict_json.parse(item["row"]), len(item["row"].encode()))


def _rest(place: str, page: list[Item], *, descending: bool) -> Iterator[Item]:
    asked = _FIRST_PAGE
    while len(page) == asked:
        asked = _PAGE
        page = table.query(place, limit=asked, after=page[-1]["sk"], descending=descending)
        yield from page


def ascending(
    sandbox: Sandbox,
    after: str | None,
    limit: int,
    wanted: Callable[[Recorded], bool],
    wait: timedelta | None,
) -> Part:
    """The ``wanted`` rows from ``after`` on, the first ones first.

    Without ``wait`` all that there is, of which the rows that are not settled are told again next time. With it only
    those that are settled, each once; while there is none, it waits for one so long.
    """
    deadline = waiting.began() + min(wait or timedelta(), longest_wait()).total_seconds()
    reached = after or ""
    while True:
        since = start(sandbox)
        first = max(since, reached)
        search = _Search(wanted, limit, first)
        part = _found(sandbox, search, since, max(first, settled()), is_waiting=wait is not None)
        reached = part.position
        left = deadline - time.monotonic()
        if part.rows or part.has_more or wait is None or left <= 0:
            return part
        waiting.pause(min(PAUSE.total_seconds(), left))


def _found(sandbox: Sandbox, search: _Search, since: str, before: str, *, is_waiting: bool) -> Part:
    """The rows that ``search`` finds ``since``, those that are settled being ``before`` that position."""
    for placed in rows(sandbox, search.position, since=since):
        is_settled = placed.position < before
        if is_waiting and not is_settled:
            break
        if search.is_full:
            return search.part(search.position, has_more=True)
        search.take(placed)
        if is_settled:
            search.position = placed.position
    return search.part(max(search.position, before), has_more=False)


def descending(sandbox: Sandbox, before: str | None, limit: int, wanted: Callable[[Recorded], bool]) -> Part:
    """The ``wanted`` rows before the position ``before``, the last ones first, down to the first of all."""
    first, search = start(sandbox), _Search(wanted, limit, before or "")
    for placed in rows(sandbox, search.position, since=first, descending=True):
        if placed.position < first:
            break
        if search.is_full:
            return search.part(search.position, has_more=True)
        search.take(placed)
        search.position = placed.position
    return search.part(search.position, has_more=False)


def find(sandbox: Sandbox, request_id: str) -> Recorded | None:
    """The row of a request, sought from the last one back; ``None`` if there is none."""
    first = start(sandbox)
    for placed in rows(sandbox, "", since=first, descending=True):
        if placed.position < first:
            break
        if placed.row["id"] == request_id:
            return placed.row
    return None
