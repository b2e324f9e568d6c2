"""``GET /players/{player_id}`` where faults are on and no rule is made, against the same where they are off."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto import mock_aws

import main
from tests.bench import log
from tests.bench.measure import Contestants
from tests.conftest import ENVIRONMENT, create_table
from tests.support import direct_moto, identity
from tests.support.gateway import Context, Gateway, open_session
from tests.support.players import made
from utils.aws import client
from utils.settings import settings

TIMES = 100


@contextmanager
def off() -> Iterator[Contestants]:
    """The processor's time that so many requests take in process, over moto, which is the same on a busy machine."""
    with patch.dict(os.environ, ENVIRONMENT), log.discarded():
        identity.forget()
        client.cache_clear()
        settings.cache_clear()
        with mock_aws(), direct_moto.shortened(client("dynamodb")):
            create_table()
            caller = Gateway(open_session())
            event, _ = caller.event("GET", f"/players/{made(caller, 'kratos')['player_id']}")
            yield _asked(event, "true"), _asked(event, "false")
        client.cache_clear()
        settings.cache_clear()
    identity.forget()


def _asked(event: dict[str, Any], faults: str) -> Callable[[], float]:
    def asked() -> bool:
        return all(main.players_get(event, Context())["statusCode"] == 200 for _ in range(TIMES))

    def side() -> float:
        with patch.dict(os.environ, {"FAULTS": faults}):
            settings.cache_clear()
            assert asked()
            start = time.process_time()
            assert asked()
            return time.process_time() - start

    return side
