import base64
import hashlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from infrastructure.errors import DeployError
from infrastructure.tools import docker, docker_daemon
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine

HERE = socket.gethostname()


def choose(config: Path, name: str, host: str | None = None, **files: str) -> None:
    """Makes ``name`` the chosen Docker context, and the context itself when there is a ``host``."""
    config.mkdir(parents=True, exist_ok=True)
    (config / "config.json").write_text(json.dumps({"currentContext": name}))
    identity = hashlib.sha256(name.encode()).hexdigest()
    if host:
        meta = config / "contexts" / "meta" / identity
        meta.mkdir(parents=True)
        (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    if files:
        tls = config / "contexts" / "tls" / identity / "docker"
        tls.mkdir(parents=True)
        for file, content in files.items():
            (tls / file).write_text(content)


def test_the_engine_is_the_one_that_docker_host_names(machine: Machine) -> None:
    choose(machine.home / ".docker", "other", "tcp://other:1")
    assert docker.endpoint({"DOCKER_HOST": "tcp://box:2375"}) == docker.Endpoint(
        "tcp://box:2375", "DOCKER_HOST"
    )


def test_docker_host_may_ask_for_certificates(machine: Machine) -> None:
    asked = {"DOCKER_HOST": "tcp://box:2376", "DOCKER_TLS_VERIFY": "1"}
    assert docker.endpoint(asked).certificates == machine.home / ".docker"
    found = docker.endpoint({**asked, "DOCKER_CERT_PATH": "/certs"})
    assert found.environment() == {**asked, "DOCKER_CERT_PATH": "/certs"}


def test_a_chosen_context_is_respected(machine: Machine) -> None:
    choose(machine.home / ".docker", "vm", "unix:///vm.sock")
    assert docker.endpoint({}) == docker.Endpoint("unix:///vm.sock", "context 'vm'")


def test_a_context_brings_its_certificates(machine: Machine, tmp_path: Path) -> None:
    choose(tmp_path / "config", "box", "tcp://box:2376", **{"ca.pem": "x"})
    found = docker.endpoint({"DOCKER_CONFIG": str(tmp_path / "config"), "DOCKER_CONTEXT": "box"})
    assert found.certificates is not None
    assert (found.certificates / "ca.pem").exists()


def test_a_context_that_is_not_there_is_told(machine: Machine) -> None:
    choose(machine.home / ".docker", "gone")
    with pytest.raises(DeployError, match="context 'gone' is chosen but not there"):
        docker.endpoint({})


def test_docker_settings_that_cannot_be_read_are_told(machine: Machine) -> None:
    (machine.home / ".docker").mkdir()
    (machine.home / ".docker" / "config.json").write_text("{")
    with pytest.raises(DeployError, match=r"config\.json cannot be read"):
        docker.endpoint({})


@pytest.mark.parametrize("config", [{}, {"currentContext": "default"}])
def test_otherwise_the_engine_is_the_default_one(machine: Machine, config: dict[str, str]) -> None:
    (machine.home / ".docker").mkdir()
    (machine.home / ".docker" / "config.json").write_text(json.dumps(config))
    found = docker.endpoint({})
    assert (found.source, found.host.split(":")[0]) == ("default", "unix")


@pytest.mark.parametrize(
    ("host", "info", "bridge_ip", "remote"),
    [
        ("unix:///var/run/docker.sock", {"Name": "x"}, "127.0.0.1", False),
        ("unix:///var/run/docker.sock", {"Name": HERE}, "192.0.2.1", True),
        ("unix:///var/run/docker.sock", {"Name": HERE}, None, False),
        ("unix:///var/run/docker.sock", {"Name": f"not-{HERE}"}, None, True),
        ("unix:///d.sock", {"Name": HERE, "OperatingSystem": "Docker Desktop"}, "127.0.0.1", True),
        ("unix:///d.sock", {"Name": HERE, "SecurityOptions": ["name=rootless"]}, "127.0.0.1", True),
        ("tcp://127.0.0.1:2375", {"Name": HERE}, "127.0.0.1", False),
        ("tcp://localhost:2375", {"Name": f"not-{HERE}"}, "192.0.2.1", True),
        ("tcp://box:2375", {"Name": HERE}, "127.0.0.1", True),
        ("ssh://box", {"Name": HERE}, "127.0.0.1", True),
        ("npipe:////./pipe/docker_engine", {"Name": HERE}, "127.0.0.1", True),
    ],
)
def test_an_engine_is_remote_when_its_containers_cannot_reach_this_machine(
    host: str, info: dict[str, Any], bridge_ip: str | None, remote: bool
) -> None:
    assert docker.is_remote(host, info, bridge_ip) is remote


@pytest.mark.parametrize(
    ("ipam", "address"),
    [
        ([{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.9"}], "127.0.0.9"),
        ([{"Subnet": "127.0.0.0/8"}], "127.0.0.1"),
        ([], None),
    ],
)
def test_a_running_engine_is_used_and_its_bridge_told(
    docker_engine: FakeDocker, ipam: list[dict[str, str]], address: str | None
) -> None:
    docker_engine.answers["GET /networks"] = (200, [{"Id": "1", "Name": "bridge", "IPAM": {"Config": ipam}}])
    found = docker.ensure()
    assert (found.bridge_ip, found.remote, docker.is_running()) == (address, False, True)
    assert docker.info() is not None
    assert str(found) == f"{docker_engine.host}, on this machine"


def test_a_rootless_engine_names_its_own_socket_for_its_containers(docker_engine: FakeDocker) -> None:
    docker_engine.answers["GET /info"] = (200, {"Name": HERE, "SecurityOptions": ["name=rootless"]})
    found = docker.ensure()
    assert found.socket == docker_engine.host.removeprefix("unix://")
    assert "its containers do not reach this machine" in str(found)


@pytest.mark.parametrize(
    ("host", "cause", "remedy"),
    [
        ("unix:///not/there.sock", "(DOCKER_HOST) does not answer", "unset DOCKER_HOST"),
        ("ssh://box", "reached over SSH", "Forward its socket"),
    ],
)
def test_a_named_engine_that_is_silent_is_not_replaced(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, host: str, cause: str, remedy: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(DeployError) as caught:
        docker.ensure()
    assert cause in caught.value.cause
    assert remedy in caught.value.remedy


def test_a_silent_context_says_how_to_leave_it(machine: Machine) -> None:
    choose(machine.home / ".docker", "vm", "unix:///not/there.sock")
    with pytest.raises(DeployError) as caught:
        docker.ensure()
    assert caught.value.remedy.endswith("docker context use default.")


def test_an_engine_that_this_user_may_not_use_is_told_as_that(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "_failure", lambda _: "PermissionError(13, 'Permission denied')")
    with pytest.raises(DeployError, match="may not use the Docker engine") as caught:
        docker.ensure()
    assert "usermod -aG docker" in caught.value.remedy


def test_a_silent_default_engine_is_started(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(docker, "_failure", lambda _: None if started else "nobody there")
    monkeypatch.setattr(docker, "endpoint", lambda: docker.Endpoint(docker_engine.host, "default"))
    monkeypatch.setattr(docker_daemon, "start", lambda ping: started.append(ping() or ""))
    assert docker.ensure().endpoint.host == docker_engine.host
    assert started == ["nobody there"]


def test_certificates_reach_the_client(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    import docker as sdk

    asked: dict[str, Any] = {}
    monkeypatch.setattr(sdk, "DockerClient", lambda **arguments: asked.update(arguments))
    for name in ("ca", "cert", "key"):
        (machine.home / f"{name}.pem").touch()
    docker.Endpoint("tcp://box:2376", "DOCKER_HOST", machine.home).client(7)
    assert asked["tls"].cert == (str(machine.home / "cert.pem"), str(machine.home / "key.pem"))
    assert (asked["base_url"], asked["timeout"]) == ("tcp://box:2376", 7)


def test_a_login_gives_the_password_on_standard_input_only(machine: Machine) -> None:
    machine.tool("docker", f'cat > "{machine.home}/password"')
    docker.login("https://registry", base64.b64encode(b"AWS:secret").decode())
    assert machine.calls == ["docker login --username AWS --password-stdin https://registry"]
    assert (machine.home / "password").read_text() == "secret"


def test_a_refused_login_is_told(machine: Machine) -> None:
    machine.tool("docker", "echo denied >&2; exit 1")
    with pytest.raises(DeployError, match="refuses the login: denied"):
        docker.login("https://registry", base64.b64encode(b"AWS:secret").decode())


def test_a_login_without_a_docker_command_is_told(machine: Machine) -> None:
    with pytest.raises(DeployError, match="no docker command"):
        docker.login("https://registry", base64.b64encode(b"AWS:secret").decode())


def test_the_address_of_another_machine_cannot_be_bound_here() -> None:
    assert os.name == "posix"
    assert docker.is_remote("unix:///s", {}, "2001:db8::1")
