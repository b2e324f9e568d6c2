"""The local AWS itself, started and stopped for real; only Docker, which no function here needs, is made up."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infrastructure.errors import DeployError
from infrastructure.local import aws, aws_instance, aws_process
from infrastructure.tools import credentials, paths, private
from tests.support.checkout import free_port
from tests.support.damage import DAMAGES
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine

GROUP = "/psn-emulator/test"


@pytest.fixture(autouse=True)
def checkout(docker_engine: FakeDocker, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A checkout with a port of its own, whose local AWS is stopped at the end."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    with private.files():  # as commands do
        yield
        monkeypatch.setenv("LOCAL_HOME", str(machine.state))
        aws.stop()


@pytest.fixture
def elsewhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of another checkout, whose local AWS is stopped at the end."""
    folder = machine.home / "other" / ".local"
    yield folder
    monkeypatch.setenv("LOCAL_HOME", str(folder))
    aws.stop()


def logs() -> Any:
    """A client of a service of the local AWS on the port of now."""
    own = credentials.local_aws()
    return boto3.client(
        "logs",
        endpoint_url=f"http://127.0.0.1:{paths.aws_port()}",
        region_name="us-east-1",
        aws_access_key_id=own.access_key,
        aws_secret_access_key=own.secret_key,
    )


def groups() -> list[str]:
    pages = logs().get_paginator("describe_log_groups").paginate()
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def test_it_starts_once_and_says_where_it_is(machine: Machine) -> None:
    assert str(aws.status()) == "not running"
    first = aws.ensure()
    assert first.running
    assert aws.ensure() == first == aws.status()
    assert str(first) == f"port {paths.aws_port()}, process {first.pid}, state in {machine.state / 'aws'}"
    assert "Running on" in aws.log_file().read_text()


def test_it_listens_on_loopback_only_where_docker_has_no_bridge() -> None:
    aws.ensure()
    command = Path(f"/proc/{aws.status().pid}/cmdline")
    if command.exists():
        words = command.read_text().split("\0")
        binds = [words[index + 1] for index, word in enumerate(words) if word == "--bind"]
        assert binds == [f"127.0.0.1:{paths.aws_port()}"]
    assert aws.status().running


def test_an_orderly_stop_keeps_the_state(capsys: pytest.CaptureFixture[str]) -> None:
    aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    assert aws.stop()
    assert not aws.status().running
    assert not aws.stop()
    aws.ensure()
    assert groups() == [GROUP]
    assert "lost" not in capsys.readouterr().err


def test_it_serves_on_when_there_is_no_docker_to_start_another_with(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws.ensure()
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    with pytest.raises(DeployError, match="unix:///nowhere"):
        aws.ensure()
    assert aws.status() == before


def test_it_serves_on_when_the_port_to_move_to_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws.ensure()
    monkeypatch.setattr(aws_instance, "_ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("LOCAL_AWS_PORT", str(server.getsockname()[1]))
        with pytest.raises(DeployError, match="is taken by"):
            aws.ensure()
    monkeypatch.setenv("LOCAL_AWS_PORT", str(before.port))
    monkeypatch.setattr(aws_instance, "_ANSWER_SECONDS", 5)
    assert aws.status() == before


def test_one_of_ours_that_does_not_answer_is_replaced_on_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws.ensure()
    assert before.pid
    os.kill(before.pid, signal.SIGSTOP)
    monkeypatch.setattr(aws_process, "_ORDERLY_SECONDS", 0)
    monkeypatch.setattr(aws_instance, "_ANSWER_SECONDS", 1)
    assert aws.ensure().pid != before.pid


def kill(pid: int | None) -> None:
    """Ends the local AWS as a power cut does."""
    assert pid
    os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def test_what_was_written_five_seconds_before_a_kill_survives_it_and_what_is_lost_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = aws.ensure()
    begin = time.monotonic()
    client, written = logs(), dict[str, float]()
    while time.monotonic() - begin < 6:
        name = f"{GROUP}/{len(written)}"
        client.create_log_group(logGroupName=name)
        written[name] = time.monotonic()
        time.sleep(0.05)
    end = time.monotonic()
    kill(status.pid)
    capsys.readouterr()
    again = aws.ensure()
    assert again.pid != status.pid
    assert {name for name, moment in written.items() if moment < end - 5} <= set(groups())
    assert (
        "The local AWS was killed: what was written in its last 5 seconds is lost\n"
        in capsys.readouterr().err
    )


def test_reading_writes_no_snapshot() -> None:
    status = aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    file = aws_instance.folder() / "state" / "cloudwatch_logs.json"
    wait_for(file.exists)
    before = file.stat().st_ino
    client = logs()
    for _ in range(30):
        client.describe_log_groups()
        time.sleep(0.1)
    assert file.stat().st_ino == before
    assert aws.status() == status


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the state is put that a local AWS wrote once for all tests that begin with one."""
    return tmp_path_factory.mktemp("written") / "state"


@pytest.fixture
def kept(machine: Machine, written: Path) -> Path:
    """The file of a state that a local AWS that has ended wrote, with a log group in it."""
    if written.exists():
        shutil.copytree(written, machine.state)
    else:
        aws.ensure()
        logs().create_log_group(logGroupName=GROUP)
        aws.snapshot()
        aws.stop()
        shutil.copytree(machine.state, written)
    return aws_instance.folder() / "state" / "cloudwatch_logs.json"


def lose_all(file: Path) -> None:
    """Leaves a state in the right form that holds none of what its service keeps."""
    file.write_text(json.dumps(json.loads(file.read_text()) | {"payload": {}}))


@pytest.mark.parametrize("damage", [*DAMAGES.values(), lose_all], ids=[*DAMAGES, "without what is kept"])
def test_a_state_that_cannot_be_read_is_told_overwritten_by_nothing_and_comes_back_as_printed(
    kept: Path, damage: Callable[[Path], object]
) -> None:
    damage(kept)
    before = contents(kept.parent)
    with pytest.raises(DeployError, match=re.escape(str(kept))) as caught:
        aws.ensure()
    assert contents(kept.parent) == before
    if kept.is_dir():
        kept.rmdir()
    command = re.search(r"(cp \S+ \S+) && make deploy REFRESH=1$", caught.value.remedy)
    assert command is not None
    subprocess.run(["sh", "-c", command[1]], check=True)
    aws.ensure()
    assert groups() == [GROUP]


def contents(folder: Path) -> dict[str, bytes | None]:
    return {path.name: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


@pytest.mark.parametrize("damage", ["cut off", "emptied", "deleted"])
def test_an_identity_that_is_damaged_or_gone_is_told_before_another_is_made(
    machine: Machine, damage: str
) -> None:
    file = machine.state / "aws" / "identity"
    before = aws_instance.identity()
    if damage == "cut off":
        file.write_text(before[:5])
    else:
        DAMAGES[damage](file)
    for ask in (aws.ensure, aws_instance.identity):
        with pytest.raises(DeployError, match=re.escape(str(file))) as caught:
            ask()
    command = re.search(r"cp \S+ \S+$", caught.value.remedy)
    assert command is not None
    subprocess.run(["sh", "-c", command[0]], check=True)
    assert aws_instance.identity() == before
    file.with_name("identity.bak").unlink()
    assert aws_instance.identity() == before
    assert file.with_name("identity.bak").exists()


def test_a_state_whose_backup_cannot_be_read_either_names_the_only_way_on(kept: Path) -> None:
    for file in (kept, kept.with_name(f"{kept.name}.bak")):
        file.write_text("")
    with pytest.raises(DeployError, match=re.escape(str(kept))) as caught:
        aws.ensure()
    assert "make clean" in caught.value.remedy
    assert kept.read_text() == ""


def test_a_state_of_before_there_were_backups_gets_one(kept: Path) -> None:
    backup = kept.with_name(f"{kept.name}.bak")
    backup.unlink()
    aws.ensure()
    assert backup.read_bytes() == kept.read_bytes()


def test_a_snapshot_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeployError, match="does not answer"):
        aws.snapshot()
    monkeypatch.setattr(aws_instance, "signed_request", lambda *_: (500, b'{"failed": ["lambda"]}'))
    with pytest.raises(DeployError, match=r"cannot write its state: .*lambda"):
        aws.snapshot()


def test_commands_at_once_start_it_once() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert len({future.result().pid for future in [pool.submit(aws.ensure) for _ in range(3)]}) == 1


def test_a_port_that_a_stranger_has_is_told_with_who_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_instance, "_ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", paths.aws_port())):
        with pytest.raises(
            DeployError, match=f"Port {paths.aws_port()} is taken by .*process {os.getpid()}"
        ) as caught:
            aws.ensure()
        assert f"LOCAL_AWS_PORT={paths.aws_port() + 1}" in caught.value.remedy
        assert "is taken by" in str(aws.status())


def test_another_checkouts_local_aws_is_told_and_left_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:
    theirs = aws.ensure()
    monkeypatch.setenv("LOCAL_HOME", str(elsewhere))
    with pytest.raises(DeployError, match=f"taken by the local AWS of {machine.state}"):
        aws.ensure()
    assert not aws.status().running
    assert not aws.stop()
    monkeypatch.setenv("LOCAL_HOME", str(machine.state))
    assert aws.status() == theirs


def test_two_checkouts_run_side_by_side(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:
    aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    port = str(paths.aws_port())
    monkeypatch.setenv("LOCAL_HOME", str(elsewhere))
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    aws.ensure()
    assert groups() == []
    assert aws.stop()
    monkeypatch.setenv("LOCAL_HOME", str(machine.state))
    monkeypatch.setenv("LOCAL_AWS_PORT", port)
    assert groups() == [GROUP]


def test_another_port_moves_it_with_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    aws.ensure()
    assert groups() == [GROUP]
    assert before.pid
    assert aws_process.has_ended(before.pid)


def test_other_settings_restart_it_with_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    before = aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    monkeypatch.setitem(aws_instance._MINISTACK, "LAMBDA_WARM_TTL_SECONDS", "60")
    assert aws.ensure().pid != before.pid
    assert groups() == [GROUP]


def test_another_credential_restarts_it_with_its_state() -> None:
    before = aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    credentials.file().unlink()
    assert (aws.status().running, aws.status().open) == (True, False)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        groups()
    after = aws.ensure()
    assert (after.pid != before.pid, after.open) == (True, True)
    assert groups() == [GROUP]


def test_the_credential_is_seen_by_nobody_else(machine: Machine) -> None:
    pid = aws.ensure().pid
    secret = credentials.local_aws().secret_key
    command = Path(f"/proc/{pid}/cmdline")
    if command.exists():
        assert secret not in command.read_text()
    assert secret not in aws.log_file().read_text()
    instance = aws_instance.request("GET", "/_psn-emulator/instance", 5)
    assert instance
    assert secret.encode() not in instance[1]
    assert credentials.file().stat().st_mode & 0o777 == 0o600


def test_what_it_writes_is_for_its_owner_only(machine: Machine) -> None:
    aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    aws.snapshot()
    aws.stop()
    modes = {path: path.stat().st_mode & 0o077 for path in [machine.state, *machine.state.rglob("*")]}
    assert len(modes) > 5
    assert not any(modes.values()), modes


def test_what_an_earlier_version_left_open_is_closed(machine: Machine) -> None:
    aws.ensure()
    aws.stop()
    for path in [machine.state, *machine.state.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    with private.files():
        aws.ensure()
    assert machine.state.stat().st_mode & 0o777 == 0o700
    assert not [path for path in machine.state.rglob("*") if path.stat().st_mode & 0o077]


def test_one_whose_folder_was_deleted_is_replaced_by_an_empty_one(machine: Machine) -> None:
    before = aws.ensure()
    logs().create_log_group(logGroupName=GROUP)
    machine.state.rename(machine.home / "gone")
    assert aws.ensure().pid != before.pid
    assert groups() == []


def test_one_that_does_not_come_up_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_process, "_APPLICATION", "no_such_module:app")
    with pytest.raises(DeployError, match=r"does not come up: .*no_such_module") as caught:
        aws.ensure()
    assert str(aws.log_file()) in caught.value.remedy
    assert not aws_process.was_killed(aws_instance.folder())


def test_a_long_log_is_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_process, "_LOG_BYTES", 0)
    aws.log_file().parent.mkdir(parents=True)
    aws.log_file().write_text("old\n")
    aws.ensure()
    assert aws.log_file().with_suffix(".1").read_text() == "old\n"


def test_one_that_will_not_end_is_killed_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = aws.ensure()
    monkeypatch.setattr(aws_process, "_ORDERLY_SECONDS", 0)
    assert status.pid
    os.kill(status.pid, signal.SIGSTOP)
    monkeypatch.setattr(aws_instance, "_ANSWER_SECONDS", 0.1)
    assert aws.stop()
    assert "was killed" in capsys.readouterr().err


def test_its_functions_have_a_network_in_which_they_do_not_reach_each_other(
    docker_engine: FakeDocker,
) -> None:
    aws.ensure()
    [asked] = docker_engine.asked("POST /networks/create")
    network = json.loads(asked.body)
    assert network["Name"] == f"psn-emulator-aws-{aws_instance.identity()}"
    assert network["Options"] == {"com.docker.network.bridge.enable_icc": "false"}
    docker_engine.answers["GET /networks"] = (200, [{"Id": "net", "Name": network["Name"]}])
    docker_engine.answers["DELETE /networks/net"] = (204, "")
    aws.stop()
    assert docker_engine.asked("DELETE /networks/net")


def test_a_docker_without_room_for_a_network_is_told(docker_engine: FakeDocker) -> None:
    no_room = {"message": "could not find an available, non-overlapping IPv4 address pool"}
    docker_engine.answers["POST /networks/create"] = (404, no_room)
    with pytest.raises(DeployError, match="makes no network for the functions: could not find") as refused:
        aws.ensure()
    assert refused.value.remedy.endswith("docker network prune")


def test_its_functions_containers_go_with_it_and_no_others(docker_engine: FakeDocker) -> None:
    aws.ensure()
    ours, theirs = aws_instance.hostname(aws_instance.identity()), "psn-0123456789ab"
    listed = [
        {"Id": name, "Labels": {"ministack.instance": f"{host}:{paths.aws_port()}"}}
        for name, host in (("ours", ours), ("theirs", theirs))
    ]
    docker_engine.answers["GET /containers/json"] = (200, listed)
    for container in listed:
        details = {"Id": container["Id"], "Config": {"Labels": container["Labels"]}}
        docker_engine.answers[f"GET /containers/{container['Id']}/json"] = (200, details)
        docker_engine.answers[f"DELETE /containers/{container['Id']}"] = (204, "")
    aws.stop()
    removed = {request.line.split("?")[0] for request in docker_engine.asked("DELETE")}
    assert removed == {"DELETE /containers/ours"}


def test_its_environment_holds_nothing_that_tools_of_aws_or_a_proxy_act_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "HTTP_PROXY", "USE_SSL", "LAMBDA_EXECUTOR"):
        monkeypatch.setenv(name, "theirs")
    seen = aws_process.environment(machine.state, {"LAMBDA_EXECUTOR": "docker"})
    assert "theirs" not in seen.values()
    assert seen["STATE_DIR"] == str(machine.state / "state")


@pytest.mark.parametrize("port", ["zero", "0", "65536", "-1"])
def test_a_port_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", port)
    with pytest.raises(DeployError, match="is no port"):
        paths.aws_port()
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
