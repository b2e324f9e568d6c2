"""Clients and secrets."""

from typing import Any

import pytest

from utils import secrets
from utils.aws import client
from utils.version import VERSION

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
