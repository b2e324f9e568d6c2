"""The first ``GET /players/{player_id}`` of a process, against FastAPI, Mangum and boto3 doing the same.

Ours runs on botocore as the image has it, trimmed, theirs as pip installs it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import botocore

from infrastructure.trim_packages import trim_botocore
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
    with tempfile.TemporaryDirectory() as packages, table.running():
        table.create()
        table.store([player_items.to_item(DEFAULT, player, version=1)])
        event, _ = Gateway(open_session()).event("GET", f"/players/{player.player_id}")
        event["requestContext"]["http"]["sourceIp"] = "127.0.0.1"
        # From compiled modules, as in the image: the warm-up compiles them.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        ask = partial(_ask, json.dumps(event))
        yield (
            timed(partial(ask, "main", "players_get", packages=_trimmed(Path(packages)))),
            timed(partial(ask, "tests.bench.fastapi_players", "handler")),
        )


def _trimmed(packages: Path) -> Path:
    """``packages`` with botocore in it as ``infrastructure/trim_packages.py`` leaves it in the image."""
    copy = packages / "botocore"
    shutil.copytree(Path(botocore.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    trim_botocore(copy / "data")
    return packages


def _ask(event: str, module: str, handler: str, packages: Path | None = None) -> None:
    environment = os.environ | ({"PYTHONPATH": str(packages)} if packages else {})
    script = _ASK.format(module=module, handler=handler)
    subprocess.run(
        [sys.executable, "-c", script, event],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
