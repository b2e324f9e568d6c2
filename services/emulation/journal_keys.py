"""Where the journal is in the table, and the order of what is in it.

A row is in one of a few partitions of its generation, for one partition takes a thousand writes a second, under the
real time at which it was about to be written, in microseconds since 1970, and the request's id. In a partition beside
them are the moment up to which the journal was cleared, and gaps: marks that rows could not be written.
"""

import time
from datetime import timedelta
from typing import Final
from zlib import crc32

from services import keys
from utils.sandbox import Sandbox
from utils.writes import Key

KEPT: Final = timedelta(hours=24)
"""How long a row is there."""

SETTLED: Final = timedelta(seconds=1)
"""How long after its time a row is in the table for certain: a write that took longer is made again, later."""

_SHARDS: Final = 4
_DIGITS: Final = 17
GAP: Final = "gap#"
_MICROSECOND: Final = timedelta(microseconds=1)


def now() -> int:
    """The real time in microseconds since 1970."""
    return time.time_ns() // 1000


def microseconds(duration: timedelta) -> int:
    """``duration`` in microseconds."""
    return duration // _MICROSECOND


def row_key(sandbox: Sandbox, stamp: int, request_id: str) -> Key:
    """The key of the row of a request that is written at ``stamp``."""
    return partitions(sandbox)[crc32(request_id.encode()) % _SHARDS], f"{position(stamp)}#{request_id}"


def partitions(sandbox: Sandbox) -> list[str]:
    """The partitions that rows are in."""
    return [keys.partition(sandbox, "journal", str(shard)) for shard in range(_SHARDS)]


def position(stamp: int) -> str:
    """What comes in the order of rows before all those of ``stamp`` and after all earlier ones."""
    return f"{stamp:0{_DIGITS}}"


def gap_key(sandbox: Sandbox, mark_id: str) -> Key:
    """The key of a mark that requests could not be recorded; by the name where the generation is not known."""
    return gaps(sandbox), f"{GAP}{mark_id}"


def gaps(sandbox: Sandbox) -> str:
    """The partition that gaps are in, after :data:`GAP`."""
    return keys.partition(sandbox, "journal")


def cleared_key(sandbox: Sandbox) -> Key:
    """The key of what says up to when the journal was cleared."""
    return keys.partition(sandbox, "journal"), "cleared"
