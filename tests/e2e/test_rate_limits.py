"""A rate limit of the deployed stack before HTTP clients as they come, which wait as its answers say."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import urllib3

from tests.e2e.sandboxes import admin_client, base, bearer, login
from tests.support import node

SENT = 5
LIMIT = 2


@pytest.fixture(params=["draft", "legacy"])
def limited(request: pytest.FixtureRequest, api: httpx.Client, url: str) -> Iterator[tuple[str, str]]:
    """The URL of the players of a sandbox where two requests in three seconds are allowed, and a token."""
    name = f"limited-{request.param}"
    operator = bearer(admin_client(api))
    body = {"requests": LIMIT, "window": "PT3S", "headers": request.param}
    with base(url, name) as client:
        token = login(client)
        assert client.put("/_emulator/limits", json=body, headers=operator).status_code == 200
        yield f"{url}/s/{name}/players", token
        assert client.delete("/_emulator/limits", headers=operator).status_code == 204


def require_told(headers: Any) -> None:
    """Fail unless an answer tells of the limit."""
    told = {name.lower() for name in headers}
    newer, older = (
        {"ratelimit", "ratelimit-policy"},
        {f"ratelimit-{name}" for name in ("limit", "remaining", "reset")},
    )
    assert newer <= told or older <= told, told


def test_urllib3_waits_as_long_as_it_is_told(limited: tuple[str, str]) -> None:
    url, token = limited
    with urllib3.PoolManager() as http:
        answers = [http.request("GET", url, headers=bearer(token)) for _ in range(SENT)]
    assert [answer.status for answer in answers] == [200] * SENT
    assert {one.status for answer in answers if answer.retries for one in answer.retries.history} == {429}
    for answer in answers:
        require_told(answer.headers)


def test_got_waits_as_long_as_it_is_told(
    limited: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = node.installed(Path(__file__).with_name("got_client"), tmp_path_factory.mktemp("got_client"))
    url, token = limited
    run = subprocess.run(
        [node.NODE, "flow.mjs"],
        cwd=folder,
        env={"URL": url, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answers = json.loads(run.stdout)
    assert [answer["status"] for answer in answers] == [200] * SENT
    assert sum(answer["retries"] for answer in answers) > 0
    for answer in answers:
        require_told(answer["headers"])
