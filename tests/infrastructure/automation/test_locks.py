"""Whose the engine's lock on a local stack is, and what a command does about it."""

import getpass
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infrastructure.automation import locks, plugins, workspace
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from infrastructure.terminal import display

Lock = Callable[..., Path]


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    """Leaves the lock of a process on the stack ``local``."""

    def leave(pid: int, hostname: str = "") -> Path:
        file = tmp_path / ".pulumi/locks/organization/psn-emulator/local/0123.json"
        file.parent.mkdir(parents=True)
        owner = {"pid": pid, "hostname": hostname or socket.gethostname(), "username": "ada"}
        file.write_text(json.dumps(owner | {"timestamp": "2026-11-21T19:06:02.843+01:00"}))
        return file

    return leave


@pytest.fixture
def pulumi(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called as the engine is, and goes on until it is ended."""
    program = tmp_path / "pulumi"
    program.symlink_to(sys.executable)
    with subprocess.Popen(
        [program, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has nobody wait."""
    monkeypatch.setattr(locks, "_PATIENCE_SECONDS", -1)


def test_a_stack_without_a_lock_is_free(tmp_path: Path) -> None:
    assert not locks.is_left_behind("local", tmp_path)


@pytest.mark.usefixtures("impatient")
def test_the_lock_of_an_engine_that_runs_is_respected(
    tmp_path: Path, lock: Lock, pulumi: subprocess.Popen[bytes]
) -> None:
    file = lock(pulumi.pid)
    with pytest.raises(DeployError) as caught:
        locks.is_left_behind("local", tmp_path)
    assert caught.value.cause == (
        f"Stack 'local' is being changed by process {pulumi.pid} (pulumi, by ada since 2026-11-21 18:06:02 UTC)."
    )
    assert caught.value.remedy == "Wait until it has ended, then run this again."
    assert file.exists()


def test_another_stacks_lock_is_not_looked_at(
    tmp_path: Path, lock: Lock, pulumi: subprocess.Popen[bytes]
) -> None:
    lock(pulumi.pid)
    assert not locks.is_left_behind("local-7", tmp_path)


def test_an_engine_that_outlives_its_command_for_a_moment_is_waited_for(
    tmp_path: Path, lock: Lock, pulumi: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        pulumi.kill()

    monkeypatch.setattr(display, "say", say)
    lock(pulumi.pid)
    assert locks.is_left_behind("local", tmp_path)
    assert len(said) == 1
    assert said[0].endswith("waiting a moment for it to end")


def test_an_engine_that_ends_in_order_leaves_nothing(
    tmp_path: Path, lock: Lock, pulumi: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lock(pulumi.pid)
    monkeypatch.setattr(display, "say", lambda _: file.unlink())
    assert not locks.is_left_behind("local", tmp_path)


@pytest.mark.usefixtures("impatient")
def test_the_lock_of_a_process_that_ended_is_left_behind(
    tmp_path: Path, lock: Lock, pulumi: subprocess.Popen[bytes]
) -> None:
    pulumi.kill()
    os.waitid(os.P_PID, pulumi.pid, os.WEXITED | os.WNOWAIT)  # ended, and its parent has yet to take note
    lock(pulumi.pid)
    assert locks.is_left_behind("local", tmp_path)


@pytest.mark.usefixtures("impatient")
def test_a_lock_whose_process_id_another_program_has_now_is_left_behind(tmp_path: Path, lock: Lock) -> None:
    lock(os.getpid())
    assert locks.is_left_behind("local", tmp_path)


@pytest.mark.usefixtures("impatient")
def test_a_lock_of_a_container_that_is_gone_is_left_behind(
    tmp_path: Path, lock: Lock, pulumi: subprocess.Popen[bytes]
) -> None:
    lock(pulumi.pid, "0f3c9e1d2b4a")
    assert locks.is_left_behind("local", tmp_path)


@pytest.mark.usefixtures("impatient")
def test_a_command_leaves_an_update_alone_that_the_engine_is_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    monkeypatch.setattr(plugins, "decide", lambda _: plugins.Decision(official=True))
    refused: list[DeployError] = []

    def meanwhile() -> None:
        with (
            workspace.open_stack(load_settings("local"), may_create=False) as second,
            pytest.raises(DeployError) as caught,
        ):
            workspace.recover(second)
        refused.append(caught.value)

    with workspace.open_stack(load_settings("local"), may_create=True) as first:
        first.up(program=meanwhile)
        assert f"(pulumi, by {getpass.getuser()} since " in refused[0].cause
        assert workspace.recover(first)[1] is False
