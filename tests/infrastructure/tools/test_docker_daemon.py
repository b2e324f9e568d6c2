import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import docker, docker_daemon
from tests.support import fake_docker
from tests.support.machine import Machine

ENGINE = ("dockerd", "containerd")


@pytest.fixture(autouse=True)
def linux(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux without systemd, whose root finds programs in the machine's own folder only."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(docker_daemon, "_SYSTEMD", machine.home / "no-systemd")
    monkeypatch.setattr(docker_daemon, "_EXTRA_PATH", "")
    monkeypatch.setattr(docker_daemon, "is_root", lambda: True)
    monkeypatch.setattr(docker_daemon, "_PID_FILES", {name: machine.home / name for name in ENGINE})
    monkeypatch.setattr(docker_daemon, "_START_SECONDS", 20)


@pytest.fixture
def address() -> Iterator[Path]:
    with TemporaryDirectory(prefix="psn-") as folder:
        yield Path(folder) / "s"


def ping(address: Path) -> docker_daemon.Ping:
    return partial(docker._failure, docker.Endpoint(f"unix://{address}", "default"))


def engine_program(
    machine: Machine, address: Path, name: str = "dockerd", folder: Path | None = None
) -> None:
    machine.tool(name, f'exec "{sys.executable}" "{fake_docker.__file__}" "{address}"', folder)


def end(folder: Path) -> None:
    os.kill(int((folder / "dockerd.pid").read_text()), signal.SIGTERM)


def test_an_installed_engine_is_started_in_the_background_with_a_log_and_a_pid_file(
    machine: Machine, address: Path
) -> None:
    engine_program(machine, address)
    docker_daemon.start(ping(address))
    assert ping(address)() is None
    assert (machine.cache / "docker" / "dockerd.log").read_text() == "the engine has come up\n"
    end(machine.cache / "docker")


def test_an_engine_that_came_up_meanwhile_is_not_started_again(machine: Machine) -> None:
    machine.tool("dockerd")
    docker_daemon.start(lambda: None)
    assert machine.calls == []


def test_an_engine_that_ends_at_once_is_told_with_its_last_words(machine: Machine, address: Path) -> None:
    machine.tool("dockerd", "echo starting; echo iptables is missing; exit 1")
    with pytest.raises(DeployError, match="does not answer: iptables is missing") as caught:
        docker_daemon.start(ping(address))
    assert str(machine.cache / "docker" / "dockerd.log") in caught.value.remedy


def test_on_debian_root_gets_docker_installed_and_started(machine: Machine, address: Path) -> None:
    engine_program(machine, address, folder=machine.home)
    machine.tool(
        "apt-get", f'case "$*" in *"install docker.io") cp "{machine.home}/dockerd" "{machine.tools}" ;; esac'
    )
    docker_daemon.start(ping(address))
    assert [call.split()[-1] for call in machine.called("apt-get")] == ["update", "docker.io"]
    end(machine.cache / "docker")


def test_an_engine_that_its_package_started_is_left_as_it_is(machine: Machine) -> None:
    answers = iter(["silent", "silent", None])
    machine.tool("apt-get", f'touch "{machine.tools}/dockerd"; chmod +x "{machine.tools}/dockerd"')
    docker_daemon.start(lambda: next(answers))
    assert machine.called("dockerd") == []


def test_a_package_that_cannot_be_installed_is_told(machine: Machine) -> None:
    machine.tool("apt-get", "echo E: no such package; exit 100")
    with pytest.raises(DeployError, match=r"docker\.io cannot be installed: E: no such package"):
        docker_daemon.start(lambda: "silent")


def test_a_package_without_an_engine_is_told(machine: Machine) -> None:
    machine.tool("apt-get")
    with pytest.raises(DeployError, match="there is no dockerd"):
        docker_daemon.start(lambda: "silent")


def test_root_of_another_system_is_told_how_to_install_docker(machine: Machine) -> None:
    with pytest.raises(DeployError, match="Docker is not installed") as caught:
        docker_daemon.start(lambda: "silent")
    assert "https://docs.docker.com/engine/install/" in caught.value.remedy


def test_systemd_is_asked_where_it_runs(machine: Machine) -> None:
    docker_daemon._SYSTEMD.mkdir()
    machine.tool("dockerd")
    machine.tool("systemctl")
    answers = iter(["silent", "silent", None])
    docker_daemon.start(lambda: next(answers))
    assert machine.calls == ["systemctl start docker"]


def test_an_engine_that_systemd_started_but_is_silent_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_daemon._SYSTEMD.mkdir()
    machine.tool("dockerd")
    machine.tool("systemctl")
    monkeypatch.setattr(docker_daemon, "_START_SECONDS", 0)
    with pytest.raises(DeployError, match="was started but does not answer: silent"):
        docker_daemon.start(lambda: "silent")


@pytest.mark.parametrize(
    ("installed", "cause"),
    [(True, "installed but not running"), (False, "not installed, and installing it takes")],
)
def test_who_is_not_root_is_told_what_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, installed: bool, cause: str
) -> None:
    monkeypatch.setattr(docker_daemon, "is_root", lambda: False)
    machine.tool("apt-get")
    if installed:
        machine.tool("dockerd")
    with pytest.raises(DeployError, match=cause):
        docker_daemon.start(lambda: "silent")
    assert machine.calls == []


def test_a_users_own_docker_is_started(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_daemon, "is_root", lambda: False)
    unit = machine.home / ".config/systemd/user/docker.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    machine.tool("systemctl")
    answers = iter(["silent", None])
    docker_daemon.start(lambda: next(answers))
    assert machine.calls == ["systemctl --user start docker"]


def test_on_a_mac_docker_desktop_is_started(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(docker_daemon, "_DESKTOP", machine.home)
    machine.tool("open")
    answers = iter(["silent", None])
    docker_daemon.start(lambda: next(answers))
    assert machine.calls == ["open --background -a Docker"]


@pytest.mark.parametrize(
    ("there", "cause"), [(True, "was started but does not answer"), (False, "is not running")]
)
def test_a_mac_without_an_answer_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, there: bool, cause: str
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(docker_daemon, "_DESKTOP", machine.home if there else machine.home / "absent")
    monkeypatch.setattr(docker_daemon, "_DESKTOP_SECONDS", 0)
    with pytest.raises(DeployError, match=cause):
        docker_daemon.start(lambda: "silent")


def test_launching_what_is_not_installed_is_told(machine: Machine) -> None:
    with pytest.raises(DeployError, match="Docker is not installed"):
        docker_daemon.launch(lambda: "silent", machine.cache)


@pytest.mark.parametrize("pid", ["1", "4194305", "not a number", ""])
def test_an_engine_does_not_take_another_process_for_one_of_a_killed_engine(
    machine: Machine, address: Path, pid: str
) -> None:
    for name in ENGINE:
        (machine.home / name).write_text(pid)
    engine_program(machine, address)
    docker_daemon.start(ping(address))
    assert [name for name in ENGINE if (machine.home / name).exists()] == []
    end(machine.cache / "docker")


def test_what_still_runs_of_an_engine_is_left_to_the_next(machine: Machine, address: Path) -> None:
    engine_program(machine, address)
    with subprocess.Popen([shutil.copy("/bin/sleep", machine.tools / "containerd"), "60"]) as running:
        (machine.home / "containerd").write_text(str(running.pid))
        docker_daemon.start(ping(address))
        assert (machine.home / "containerd").read_text() == str(running.pid)
        running.kill()
    end(machine.cache / "docker")
