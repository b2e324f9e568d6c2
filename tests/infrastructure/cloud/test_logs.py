"""A function's log as ``make logs`` reads it."""

import os
import pty
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure import cli
from infrastructure.cloud import logs, session
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from infrastructure.tools import paths
from tests.support.checkout import free_port

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
NOW = int(time.time() * 1000)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The log of dev's function ``root``, in a made-up AWS; what is appended to the list is written."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    settings = load_settings("dev")
    with mock_aws():
        client = boto3.client("logs", region_name=settings.region)
        group = settings.names.function_log_group("root")
        client.create_log_group(logGroupName=group)
        client.create_log_stream(logGroupName=group, logStreamName="1")

        class Written(list[str]):
            def append(self, line: str) -> None:
                moment = int(time.time() * 1000)
                events: list[Any] = [{"timestamp": moment, "message": line}]
                client.put_log_events(logGroupName=group, logStreamName="1", logEvents=events)

        yield Written()


def read(function: str = "root", stack: str = "dev") -> list[Any]:
    """The messages of the last hour."""
    return [
        event.message for event in logs.read_events(load_settings(stack), function, HOUR_AGO, follow=False)
    ]


def test_json_lines_are_objects_and_others_text(log: list[str]) -> None:
    log.append('{"message": "answered"}')
    log.append("START RequestId: 1")
    assert read() == [{"message": "answered"}, "START RequestId: 1"]


def test_a_command_that_finds_nothing_says_so(
    log: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_silence_leftovers", lambda: None)
    assert cli.main(["logs", "--stack", "dev", "--fn", "root", "--since", "1h"]) == 0
    assert capsys.readouterr() == ("", "root has written nothing in the last 1h\n")
    log.append("a line")
    assert cli.main(["logs", "--stack", "dev", "--fn", "root", "--since", "1h"]) == 0
    assert capsys.readouterr().err == ""


def test_what_the_runtime_emulator_says_of_itself_is_left_out(log: list[str]) -> None:
    log.append("21 Nov 2026 08:51:01,123 [DEBUG] (rapid) Adding log group")
    assert read() == []


def test_following_goes_on_and_repeats_no_line(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    log.append("first")
    monkeypatch.setattr("time.sleep", lambda _: log.append("second"))
    following = logs.read_events(load_settings("dev"), "root", HOUR_AGO, follow=True)
    assert [next(following).message, next(following).message] == ["first", "second"]


def test_two_lines_that_are_alike_and_of_one_moment_are_both_printed(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = time.time()
    monkeypatch.setattr("time.time", lambda: moment)
    log.append("again")
    log.append("again")
    assert read() == ["again", "again"]


def test_following_prints_a_line_that_arrives_after_a_newer_one_once(
    log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [
        [{"logStreamName": "a", "timestamp": NOW, "message": "newer"}],
        [
            {"logStreamName": "a", "timestamp": NOW, "message": "newer"},
            {"logStreamName": "b", "timestamp": NOW - 30_000, "message": "late"},
        ],
        [{"logStreamName": "b", "timestamp": NOW - 30_000, "message": "late"}],
        [{"logStreamName": "a", "timestamp": NOW + 1, "message": "newest"}],
    ]
    begins: list[int] = []

    class Pages:
        def get_paginator(self, _: str) -> "Pages":
            return self

        def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
            begins.append(arguments["startTime"])
            return [{"events": later.pop(0)}]

    monkeypatch.setattr(session, "client", lambda *_: Pages())
    monkeypatch.setattr(logs, "_POLL_SECONDS", 0)
    following = logs.read_events(load_settings("dev"), "root", HOUR_AGO, follow=True)
    assert [next(following).message for _ in range(3)] == ["newer", "late", "newest"]
    assert begins[1:] == [NOW - 60_000] * 3


def test_a_function_that_was_not_deployed_has_no_log(log: list[str]) -> None:
    with pytest.raises(DeployError, match="has no log yet"):
        read("healthz")


@pytest.mark.parametrize("given", [{}, {"AWS_PROFILE": "nobody"}])
def test_where_nobody_is_logged_in_to_aws_it_says_how_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str]
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nothing = str(tmp_path / "nothing")
    files = {"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing}
    for name, value in (files | {"AWS_EC2_METADATA_DISABLED": "true"} | given).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DeployError, match="AWS does not give the logs of stack 'dev'") as refused:
        read()
    assert refused.value.remedy.startswith("Log in (aws sso login")


def test_what_aws_refuses_is_said_with_how_to_log_in(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        said: Any = {"Error": {"Code": "ExpiredTokenException", "Message": "The token is expired"}}
        raise ClientError(said, "FilterLogEvents")

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    with pytest.raises(DeployError, match=r"logs of stack 'dev': .*The token is expired$") as refused:
        read()
    assert refused.value.remedy.startswith("Log in (aws sso login")
    with pytest.raises(DeployError) as refused:
        read(stack="local")
    assert refused.value.remedy == "Restart its AWS: make deploy STACK=local"


def test_an_unknown_function_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeployError) as refused:
        read("nothing")
    assert "players-create" in refused.value.remedy


def test_a_local_aws_that_is_not_there_is_said_to_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    with pytest.raises(DeployError) as refused:
        read(stack="local")
    assert refused.value.remedy == "Start it: make deploy STACK=local"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)])
def test_a_duration_has_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert logs.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "m", "-1m", "1w", "1 m", "3654d", "99999999999d", "9" * 5000 + "s"]
)
def test_another_form_of_duration_is_refused(text: str) -> None:
    with pytest.raises(DeployError, match="no duration"):
        logs.parse_duration(text)


FOLLOWING = """
import itertools, sys, time
from infrastructure import cli
from datetime import UTC, datetime
from infrastructure.cloud import logs
def lines(*_, **__):
    for number in itertools.count():
        yield logs.LogEvent(datetime(2026, 11, 21, tzinfo=UTC), "root", f"line {number}")
        time.sleep(0.1)
logs.read_events = lines
sys.exit(cli.main(["logs", "--stack=local", "--follow"]))
"""


@pytest.mark.parametrize("key", [b"\x03", b"\x1a\x03"])
def test_control_c_ends_make_logs_quietly_and_well(tmp_path: Path, key: bytes) -> None:
    """Control-Z before it does nothing: make would wait for ever for a command that is stopped."""
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(paths.ROOT)!r})\n{FOLLOWING}")
    python.chmod(0o755)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(paths.ROOT)
        os.environ.pop("MAKEFLAGS", None)
        # Which a shell that runs the tests in the background has ignored.
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        os.execvp("make", ["make", "-s", "logs", "FOLLOW=1", f"PY={python}"])  # noqa: S606 - make as users call it
    said = b""
    while b"line 2" not in said:
        said += os.read(terminal, 4096)
    os.write(terminal, key)
    with suppress(OSError):  # how Linux tells of the end
        while output := os.read(terminal, 4096):
            said += output
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    told = [line for line in said.decode().splitlines() if line.strip() and "line" not in line]
    assert [line for line in told if line.strip("^CZ")] == []
