"""Clients and secrets."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.interception import Intercept
from utils import secrets
from utils.aws import client
from utils.version import VERSION
from variables import SECRETS, VARIABLES

pytestmark = pytest.mark.usefixtures("aws")


def test_a_process_has_one_client_per_service() -> None:
    assert client("dynamodb") is client("dynamodb")


def test_a_client_gives_up_before_its_function_does() -> None:
    config = client("dynamodb").meta.config
    longest = config.connect_timeout + config.read_timeout
    assert longest * config.retries["total_max_attempts"] < 10


def test_a_call_says_who_calls_in_the_same_words_each_time() -> None:
    agents: list[str] = []

    def note(request: Any, **_: Any) -> None:
        agents.append(request.headers["User-Agent"].decode())

    client("secretsmanager").meta.events.register_first("before-send.secretsmanager", note)
    for _ in range(2):
        client("secretsmanager").list_secrets()
    assert len(agents) == 2
    assert all(agent.startswith(f"psn-partner-emulator/{VERSION}") for agent in agents)


def test_a_secret_is_read_anew_each_time() -> None:
    vault = client("secretsmanager")
    vault.create_secret(Name="s", SecretString='{"a": 1}')
    assert secrets.read_json("s") == {"a": 1}
    vault.put_secret_value(SecretId="s", SecretString='{"a": 2}')
    assert secrets.read_json("s") == {"a": 2}


@pytest.mark.parametrize("text", ["hunter2", '["hunter2"]'])
def test_a_secret_that_is_no_object_is_refused_without_showing_it(text: str) -> None:
    client("secretsmanager").create_secret(Name="s", SecretString=text)
    with pytest.raises(ValueError, match="the secret s is not a JSON object") as error:
        secrets.read_json("s")
    assert "hunter2" not in str(error.value)
    assert error.value.__context__ is None


class TestASecretInAFile:
    def test_is_read_anew_each_time_without_aws(self, tmp_path: Path, intercept: Intercept) -> None:
        intercept(lambda _call, operation, _arguments: pytest.fail(f"asked {operation}"), "secretsmanager")
        path = tmp_path / "s.json"
        for number in (1, 2):
            path.write_text(f'{{"a": {number}}}')
            assert secrets.read_json(f"file:{path}") == {"a": number}

    @pytest.mark.parametrize("content", [b"hunter2", b'["hunter2"]', b"\xff"])
    def test_that_is_no_object_is_refused_without_showing_it(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "s.json"
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not a JSON object") as error:
            secrets.read_json(f"file:{path}")
        assert "hunter2" not in str(error.value)
        assert error.value.__context__ is None


def test_where_nothing_is_in_aws_botocore_is_not_loaded(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "s.json"
    secret.write_text("{}")
    script = f"""
import sys
from handlers.dispatch import Endpoint, entry_point
from routes import ROUTES
from utils import secrets, table
entry_point(*map(Endpoint.load, ROUTES))
table.probe()
secrets.read_json("file:{secret}")
print([name for name in sys.modules if name.startswith(("botocore.", "boto3", "utils.stores.dynamodb"))])
"""
    environment = {
        **os.environ,
        "TABLE_NAME": f"sqlite:{tmp_path}/table",
        **{VARIABLES[name].name: f"file:{secret}" for name in SECRETS.values()},
    }
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines()[-1] == "[]"
