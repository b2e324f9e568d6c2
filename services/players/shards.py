"""The partitions that the players of a sandbox are spread over.

A partition with local indexes takes 10 GB and some thousand write units a second and never splits, so a stack that is
to take more has several (its setting ``player_shards``). A player's is told by a hash of the id; a list asks all and
merges what they give, each of them strongly consistent.
"""

from functools import partial
from heapq import merge
from itertools import islice
from operator import itemgetter
from zlib import crc32

from services import keys
from utils import table
from utils.attributes import Item
from utils.sandbox import Sandbox
from utils.settings import settings


def partition(sandbox: Sandbox, player_id: str) -> str:
    """The partition of a player."""
    return _partition(sandbox, crc32(player_id.encode()) % settings().player_shards)


def query(
    sandbox: Sandbox,
    *,
    limit: int,
    after: str | None = None,
    index: str | None = None,
    prefix: str = "",
    descending: bool = False,
) -> list[Item]:
    """Up to ``limit`` players' items of all partitions in one order, as :func:`table.query` gives those of one.

    Reads ``limit`` items of each partition.
    """
    ask = partial(table.query, limit=limit, after=after, index=index, prefix=prefix, descending=descending)
    partitions = [_partition(sandbox, shard) for shard in range(settings().player_shards)]
    if len(partitions) == 1:
        return ask(partitions[0])
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(partitions)) as pool:
        answers = list(pool.map(ask, partitions))
    return list(islice(merge(*answers, key=itemgetter("sk"), reverse=descending), limit))


def _partition(sandbox: Sandbox, shard: int) -> str:
    return keys.partition(sandbox, "players", *([str(shard)] if shard else []))
