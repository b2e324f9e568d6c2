"""Writing the journal: a row for each request, at next to no cost, and whatever happens without failing its answer.

A row that the table does not take at once leaves a gap there, by which readers know that something is missing, and is
tried again with the function's next requests.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from services import clock
from services.emulation.journal_keys import KEPT, SETTLED, gap_key, now, row_key
from services.sandboxes.opening import alive
from utils import metrics, table
from utils.logger import logger
from utils.sandbox import Sandbox, sandbox_key
from utils.writes import Key, Put

LATE_SECONDS: Final = SETTLED.total_seconds() * 0.8
"""How long a write may take until readers may have passed over it; what is left allows for clocks that differ."""

_AT_ONCE: Final = 10
_MOST: Final = 100
"""How many rows a process keeps that it could not write; of more it only tells that they are missing."""


@dataclass(slots=True)
class Row:
    """A row to write: ``text`` is the recorded request in JSON, ``None`` where only that it is missing can be told.

    ``sandbox`` is where it belongs, or ``None`` as long as it is only known which one has that ``name``. ``gap`` is the
    key of what tells that it is missing.
    """

    name: str
    sandbox: Sandbox | None
    request_id: str
    text: str | None
    is_written: bool = False
    gap: Key | None = None


_waiting: Final[deque[Row]] = deque()


def write(row: Row) -> None:
    """Write ``row``, and those before it that could not be written. It takes a few seconds at the very most, where the
    table hardly answers, and never raises."""
    if row.text is None:
        metrics.count("JournalLost")
        _try_to_tell(row)
        return
    if _try(row):
        for _ in range(min(len(_waiting), _AT_ONCE)):
            before = _waiting.popleft()
            if not _try(before):
                _wait(before)
                break
        return
    metrics.count("JournalLost")
    if not row.is_written:
        _try_to_tell(row)
    _wait(row)


def present(name: str) -> Sandbox | None:
    """The sandbox ``name`` in its present generation; ``None`` if there is none. Raises as :func:`table.get` does."""
    return alive(Sandbox(name), table.get(sandbox_key(name), hurried=True))


def forget() -> None:
    """Give up what waits to be written."""
    _waiting.clear()


def _wait(row: Row) -> None:
    _waiting.append(row)
    if len(_waiting) > _MOST:
        _waiting.popleft()


def _try(row: Row) -> bool:
    """Whether ``row`` is in its place and nothing tells any more that it is missing; if its sandbox is over, there is
    none."""
    try:
        if row.sandbox is None:
            row.sandbox = present(row.name)
            if row.sandbox is None:
                return True
        if not row.is_written:
            row.is_written = _put(row.sandbox, row) or _put(row.sandbox, row)
            if not row.is_written:
                return False
        if row.gap is not None:
            _tell(row.gap, is_filled=True)
            row.gap = None
    except Exception:
        logger.warning("a row of the journal is not written", extra={"row": row.request_id}, exc_info=True)
        return False
    return True


def _put(sandbox: Sandbox, row: Row) -> bool:
    """Write ``row``; whether that was quick enough for all readers to meet it."""
    pk, sk = row_key(sandbox, now(), row.request_id)
    began = time.monotonic()
    table.write(Put({"pk": pk, "sk": sk, "row": row.text, "purge_at": _purge_at()}), hurried=True)
    return time.monotonic() - began <= LATE_SECONDS


def _try_to_tell(row: Row) -> None:
    """Leave a gap for ``row``, if the table takes that."""
    if row.sandbox is None:
        return
    row.gap = gap_key(row.sandbox, now(), row.request_id)
    try:
        _tell(row.gap, is_filled=False)
    except Exception:
        logger.warning("a gap in the journal is not told", extra={"row": row.request_id}, exc_info=True)


def _tell(gap: Key, *, is_filled: bool) -> None:
    pk, sk = gap
    table.write(Put({"pk": pk, "sk": sk, "is_filled": is_filled, "purge_at": _purge_at()}), hurried=True)


def _purge_at() -> int:
    return clock.real_seconds() + int(KEPT.total_seconds())
