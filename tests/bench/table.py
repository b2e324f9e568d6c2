"""A table on this machine that reads no more than it is asked for.

dynalite keeps the items of a partition and of an index in the order of their keys, as DynamoDB does, in a LevelDB on
disk. Moto and the local AWS sort all of them for every query, and would show their own cost instead of the query's.
"""

import os
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from unittest.mock import patch

from tests.conftest import ENVIRONMENT, create_table
from tests.support import identity, node
from tests.support.checkout import free_port
from utils.attributes import Item, marshal_item
from utils.aws import client
from utils.settings import settings

_PACKAGE = Path(__file__).with_name("dynalite")
_BATCH = 25
"""How many items BatchWriteItem takes."""
_AT_ONCE = 2


@contextmanager
def running() -> Iterator[None]:
    """The environment of a function whose DynamoDB is on this machine, and has no table yet."""
    with tempfile.TemporaryDirectory(prefix="psn-emulator-table-") as folder:
        server = node.installed(_PACKAGE, Path(folder)) / "node_modules" / "dynalite" / "cli.js"
        port = free_port()
        options = {"port": port, "path": f"{folder}/items", "createTableMs": 0}
        command = [str(node.NODE), str(server), *(f"--{name}={value}" for name, value in options.items())]
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                assert "listening" in process.stdout.readline()
                with patch.dict(os.environ, environment):
                    _forget()
                    yield
            finally:
                process.terminate()
                _forget()


def create() -> None:
    """Create the application's table."""
    waiter = client("dynamodb").get_waiter("table_exists")
    waiter.wait(TableName=create_table(), WaiterConfig={"Delay": 1})


def store(items: Iterable[Item]) -> None:
    """Put ``items`` into the table."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        deque(pool.map(_store_batch, batched(items, _BATCH, strict=False)), maxlen=0)


def _store_batch(items: Iterable[Item]) -> None:
    puts = [{"PutRequest": {"Item": marshal_item(one)}} for one in items]
    answer = client("dynamodb").batch_write_item(RequestItems={settings().table_name: puts})
    assert not answer["UnprocessedItems"]


def _forget() -> None:
    """Let the application read its environment anew."""
    identity.forget()
    client.cache_clear()
