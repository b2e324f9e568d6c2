"""The first ``GET /players/{player_id}`` of a process, against FastAPI, Mangum and boto3 doing the same."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from models.player import Player
from services.players import player_items
from tests.bench import table
from tests.bench.measure import Contestants, timed
from tests.support.checkout import ROOT
from tests.support.gateway import Gateway, open_session
from tests.support.players import NOBODY
from utils.sandbox import DEFAULT

_ASK = """
import json, sys
from awslambdaric import bootstrap
from {module} import {handler} as handler
answer = handler(json.loads(sys.argv[1]), None)
assert answer["statusCode"] == 200, answer
assert json.loads(answer["body"])["data"]["username"] == "kratos", answer
"""


@contextmanager
def contestants() -> Iterator[Contestants]:
    """Whole processes, from the interpreter's start to the first answer, the runtime client included."""
    now = datetime.now(UTC)
    player = Player(NOBODY, "kratos", "kratos@mail.example", "Kratos", "GR", "el-GR", "active", now, now)
    with table.running():
        table.create()
        table.store([player_items.to_item(DEFAULT, player, version=1)])
        event, _ = Gateway(open_session()).event("GET", f"/players/{player.player_id}")
        event["requestContext"]["http"]["sourceIp"] = "127.0.0.1"
        # From compiled modules, as in the image: the warm-up compiles them.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        ask = partial(_ask, json.dumps(event))
        yield (
            timed(lambda: ask("main", "players_get")),
            timed(lambda: ask("tests.bench.fastapi_players", "handler")),
        )


def _ask(event: str, module: str, handler: str) -> None:
    script = _ASK.format(module=module, handler=handler)
    subprocess.run([sys.executable, "-c", script, event], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
