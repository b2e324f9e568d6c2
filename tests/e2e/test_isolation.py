"""The workload of ``tests/unit/sandboxes/test_isolation.py`` against the deployed stack: its gateway, authorizer and
cached allows, and functions of several containers, between each sandbox and its model.

The long form is ``make test-sandboxes DEPLOYED=1``.
"""

from functools import cache
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from infrastructure.stack.settings import Settings
from tests.e2e.sandboxes import admin_client, bearer
from tests.support import identity
from tests.support.isolation import Workload
from tests.support.remote_gateway import RemoteGateway, client_of
from tests.support.user_agent import app
from tests.support.worlds import World


@cache
def seed() -> dict[str, Any]:
    """The document of a sandbox's user and clients, with whom the workload calls."""
    hash_of = cache(PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash)
    clients = [*identity.clients(), app(consent=False, grant_types=["authorization_code"])]
    return {
        "users": [identity.seed_entry(password_hash=hash_of(identity.PASSWORD))],
        "clients": [
            {**client, "secret_hash": client["secret_hash"] and hash_of(identity.SECRET)}
            for client in clients
        ],
    }


def test_each_sandbox_is_as_if_it_were_alone(
    url: str, api: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default sandbox is other tests'."""
    workload = Workload.asked_for(sandboxes=5, steps=8, threads=2, many=4)
    operator = bearer(admin_client(api))
    lifetime = Settings.model_fields["refresh_token_seconds"].default

    def world(number: int) -> World:
        name = f"alone-{number}"
        path = f"/_emulator/sandboxes/{name}"
        made = api.put(path, json={"seed": seed(), "ttl": "PT2H"}, headers=operator)
        if made.status_code == 200:
            made = api.post(f"{path}/reset", headers=operator)
        assert made.status_code in {200, 201}, made.text
        return World(name, workload.seed, lambda token: RemoteGateway(client=remote, token=token), lifetime)

    with client_of(url) as remote:
        figures = workload.run(world)
    with capsys.disabled():
        print(f"\n{figures}")  # noqa: T201 - the figures of the long form
