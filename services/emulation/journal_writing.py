"""Writing the journal: a row for each request, at next to no cost, and whatever happens without failing its answer.

A row that the table does not take at once waits in the process for the function's next requests. Until it is there, a
mark in the table tells readers that something is missing; what the table does not take either is the first thing that
the next request writes.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Lock
from typing import Final

from services import clock
from services.emulation.journal_keys import KEPT, SETTLED, gap_key, now, row_key
from services.sandboxes.opening import alive, began
from utils import metrics, table
from utils.logger import logger
from utils.sandbox import Sandbox, sandbox_key
from utils.writes import Put

LATE_SECONDS: Final = SETTLED.total_seconds() * 0.8
"""How long a write may take until readers may have passed over it; what is left allows for clocks that differ."""

BUDGET_SECONDS: Final = 1.0
"""How long an answer is held up by what went before: after it only the mark of its own row is still begun."""

_MOST: Final = 100
"""How many rows a process keeps that it could not write; of more it only tells that they are missing."""


@dataclass(slots=True, eq=False)
class Mark:
    """What tells that rows of a sandbox are missing, the last of ``at``, of which the process still has ``waiting``.

    ``lost_at`` is when the last one was that it has no longer, ``None`` if there is none. ``is_told`` says whether the
    table has it as it is here. It is always at the same key, so that one whose write was made though it seemed to fail
    is mended too. It is in the generation's partition, or where that is not known in that of the sandbox's name.
    """

    sandbox: Sandbox
    at: int = 0
    waiting: int = 0
    lost_at: int | None = None
    is_told: bool = False
    id: str = field(default_factory=lambda: token_hex(8))

    def add(self, at: int, *, is_lost: bool) -> None:
        """Stand for a row of ``at`` too."""
        self.at, self.is_told = max(self.at, at), False
        if is_lost:
            self.lost_at = max(self.lost_at or 0, at)
        else:
            self.waiting += 1

    def leave(self, at: int, *, is_lost: bool) -> None:
        """Stand no longer for a row of ``at`` that waited, because it is written, or was given up."""
        self.waiting -= 1
        self.is_told = self.is_told and self.waiting > 0
        if is_lost:
            self.lost_at = max(self.lost_at or 0, at)

    def item(self) -> dict[str, str | int | bool]:
        """It as the table has it."""
        pk, sk = gap_key(self.sandbox, self.id)
        at = self.at if self.waiting or self.lost_at is None else self.lost_at
        return {"pk": pk, "sk": sk, "at": at, "is_filled": not self.waiting and self.lost_at is None}


@dataclass(slots=True, eq=False)
class Row:
    """A row to write: ``text`` is the recorded request in JSON, ``None`` where only that it is missing can be told.

    ``sandbox`` is where it belongs, or ``None`` as long as it is only known which one has that ``name``. ``at`` is when
    it was answered, in microseconds since 1970. ``mark`` is what tells that it is missing.
    """

    name: str
    sandbox: Sandbox | None
    request_id: str
    text: str | None
    at: int = field(default_factory=lambda: now())  # noqa: PLW0108 (tests move the time)
    mark: Mark | None = None


_waiting: Final[deque[Row]] = deque()
_marks: Final[dict[str, Mark]] = {}
"""The marks that may still change, by the universe that they are in."""
_lock: Final = Lock()


def write(row: Row) -> None:
    """Write ``row``, after the marks that could not be written, and before the rows; it never raises.

    It begins nothing after a second but the mark of ``row``, and so takes two at the very most, where the table hardly
    answers.
    """
    deadline = time.monotonic() + BUDGET_SECONDS
    is_answering = not _marks or _tell_all(deadline)
    may_be_written = row.text is not None and row.sandbox is not None
    if may_be_written and (is_answering or time.monotonic() < deadline) and _try(row):
        if _waiting:
            _catch_up(deadline)
        return
    metrics.count("JournalLost")
    _miss(row, is_answering=is_answering)


def present(name: str) -> Sandbox | None:
    """The sandbox ``name`` in its present generation; ``None`` if there is none. Raises as :func:`table.get` does."""
    return alive(Sandbox(name), table.get(sandbox_key(name), hurried=True))


def forget() -> None:
    """Give up what waits to be written."""
    _waiting.clear()
    _marks.clear()


def _tell_all(deadline: float) -> bool:
    """Whether the table has all marks as they are."""
    with _lock:
        untold = [mark for mark in _marks.values() if not mark.is_told]
        return all(time.monotonic() < deadline and _tell(mark) for mark in untold)


def _miss(row: Row, *, is_answering: bool) -> None:
    """Have a mark stand for ``row``, in the table where that ``is_answering``, and have the row wait."""
    with _lock:
        sandbox = row.sandbox or Sandbox(row.name)
        mark = row.mark = _marks.setdefault(sandbox.universe, Mark(sandbox))
        mark.add(row.at, is_lost=row.text is None)
        if is_answering:
            _tell(mark)
        if row.text is not None:
            _waiting.append(row)
        if len(_waiting) > _MOST:
            _leave(_waiting.popleft(), is_lost=True)


def _catch_up(deadline: float) -> None:
    """Write what waits, until ``deadline`` or until the table does not take it."""
    with _lock:
        for _ in range(len(_waiting)):
            if time.monotonic() >= deadline:
                return
            row = _waiting.popleft()
            if not _try(row):
                _waiting.append(row)
                return
            _leave(row, is_lost=False)


def _leave(row: Row, *, is_lost: bool) -> None:
    if row.mark is None:
        return
    row.mark.leave(row.at, is_lost=is_lost)
    if not row.mark.waiting and not is_lost:
        _tell(row.mark)


def _try(row: Row) -> bool:
    """Whether ``row`` is in its place; if its sandbox is over, or is another by now, there is none."""
    try:
        if row.sandbox is None:
            row.sandbox = present(row.name)
            if row.sandbox is None or _begins_after(row.sandbox, row.at):
                return True
        return _put(row.sandbox, row) or _put(row.sandbox, row)
    except Exception:
        logger.warning("a row of the journal is not written", extra={"row": row.request_id}, exc_info=True)
        return False


def _begins_after(sandbox: Sandbox, at: int) -> bool:
    return bool(sandbox.generation) and began(sandbox.generation) * 1_000_000 > at


def _put(sandbox: Sandbox, row: Row) -> bool:
    """Write ``row``; whether that was quick enough for all readers to meet it."""
    pk, sk = row_key(sandbox, now(), row.request_id)
    began_at = time.monotonic()
    item = {"pk": pk, "sk": sk, "at": row.at, "row": row.text, "purge_at": _purge_at()}
    table.write(Put(item), hurried=True)
    return time.monotonic() - began_at <= LATE_SECONDS


def _tell(mark: Mark) -> bool:
    """Whether the table takes ``mark`` as it is; one that stands for no row that waits is not needed any more then."""
    try:
        table.write(Put({**mark.item(), "purge_at": _purge_at()}), hurried=True)
    except Exception:
        logger.warning("a gap in the journal is not told", extra={"mark": mark.id}, exc_info=True)
        return False
    mark.is_told = True
    if not mark.waiting:
        _marks.pop(mark.sandbox.universe, None)
    return True


def _purge_at() -> int:
    return clock.real_seconds() + int(KEPT.total_seconds())
