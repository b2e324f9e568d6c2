"""The decision for a container, and what is asked of the Docker engine then."""

import io
import json
import socket
import tarfile
from itertools import pairwise
from typing import Any

import pytest

from infrastructure.errors import DeployError
from infrastructure.local import aws, aws_container, aws_instance, aws_process, doors, state
from infrastructure.stack.loading import load_settings
from infrastructure.tools import docker, paths
from tests.infrastructure.conftest import WriteStack
from tests.support.checkout import free_port
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine

IDENTITY = "0123456789ab"
OWN = f"psn-emulator-aws-{IDENTITY}"


@pytest.fixture(autouse=True)
def identity(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    (machine.state / "aws").mkdir(parents=True)
    (machine.state / "aws" / "identity").write_text(IDENTITY)


@pytest.fixture
def remote_engine(docker_engine: FakeDocker) -> FakeDocker:
    """A Docker Desktop that has the image of the local AWS."""
    docker_engine.answers |= {
        "GET /info": (200, {"Name": "docker-desktop", "OperatingSystem": "Docker Desktop"}),
        f"GET /images/{aws_container.IMAGE}/json": (200, {"Id": "sha256:1"}),
        "POST /networks/create": (201, {"Id": "net"}),
        "GET /networks/net": (200, {"Id": "net", "Name": OWN}),
        "POST /containers/create": (201, {"Id": "c1"}),
        "GET /containers/c1/json": (
            200,
            {"Id": "c1", "State": {"Status": "running"}, "Config": {"Labels": {}}},
        ),
        "PUT /containers/c1/archive": (200, ""),
        "POST /containers/c1/start": (204, ""),
    }
    return docker_engine


def start(engine: FakeDocker) -> dict[str, Any]:
    """What is asked for when the local AWS is started as a container."""
    aws_container.start(docker.ensure(), IDENTITY, 4577, {"PERSIST_STATE": "1"})
    created: dict[str, Any] = json.loads(engine.asked("POST /containers/create")[0].body)
    return created


def test_a_remote_engine_gets_the_local_aws_as_a_container_and_no_process(
    remote_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(aws_container, "start", lambda _, identity, *__: started.append(identity))
    monkeypatch.setattr(aws_process, "start", lambda *_: started.append("process"))
    monkeypatch.setattr(aws, "_wait", lambda *_: None)
    aws.ensure()
    assert started == [IDENTITY]


def test_an_engine_of_this_machine_gets_a_process(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(aws_container, "start", lambda *_: started.append("container"))
    monkeypatch.setattr(aws_process, "start", lambda *_: started.append("process"))
    monkeypatch.setattr(aws, "_wait", lambda *_: None)
    aws.ensure()
    assert started == ["process"]


def test_the_container_is_published_on_loopback_and_can_start_others(remote_engine: FakeDocker) -> None:
    created = start(remote_engine)
    host = created["HostConfig"]
    assert created["Image"] == aws_container.IMAGE
    assert host["PortBindings"] == {"4577/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4577"}]}
    assert set(host["Binds"]) == {f"{OWN}:/state:rw", "/var/run/docker.sock:/var/run/docker.sock:rw"}


def test_the_address_of_a_stacks_own_is_published_too(
    remote_engine: FakeDocker, write_stack: WriteStack
) -> None:
    write_stack("local", listen="0.0.0.0:8080")
    doors.note(load_settings("local"))
    created = start(remote_engine)
    assert created["HostConfig"]["PortBindings"] == {
        "4577/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4577"}],
        "8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}],  # noqa: S104 - compared
    }
    binds = [word for before, word in pairwise(created["Cmd"]) if before == "--bind"]
    assert binds == [f"0.0.0.0:{port}" for port in (4577, 8080)]


def test_it_shares_a_network_with_its_functions_who_find_it_by_name(remote_engine: FakeDocker) -> None:
    created = start(remote_engine)
    variables = dict(word.split("=", 1) for word in created["Env"])
    assert created["HostConfig"]["NetworkMode"] == OWN
    aliases = created["NetworkingConfig"]["EndpointsConfig"][OWN]["Aliases"]
    assert [f"http://{alias}:4577" for alias in aliases] == ["http://host.docker.internal:4577"]
    assert aws_instance.settings(OWN)["LAMBDA_DOCKER_NETWORK"] == OWN
    assert variables["AWS_ENDPOINT_URL"] == f"http://{OWN}:4577"
    assert variables["PERSIST_STATE"] == "1"


def test_it_serves_the_same_application_as_the_process(remote_engine: FakeDocker) -> None:
    created = start(remote_engine)
    [upload] = remote_engine.asked("PUT /containers/c1/archive")
    with tarfile.open(fileobj=io.BytesIO(upload.body)) as archive:
        uploaded = {name: archive.extractfile(name) for name in archive.getnames()}
        contents = {name: file.read() for name, file in uploaded.items() if file}
    ours = {f"aws_server/{path.name}": path.read_bytes() for path in aws_instance.server_files()}
    assert contents == ours
    assert "aws_server/__init__.py" in contents
    assert "aws_server:app" in created["Cmd"]


def test_a_container_of_before_is_stopped_in_order_and_replaced(remote_engine: FakeDocker) -> None:
    remote_engine.answers |= {
        f"GET /containers/{OWN}/json": (200, {"Id": "old", "State": {"Status": "running"}}),
        "POST /containers/old/stop": (204, ""),
        "DELETE /containers/old": (204, ""),
        "GET /networks": (200, [{"Id": "net", "Name": OWN}]),
    }
    start(remote_engine)
    assert remote_engine.asked("POST /containers/old/stop")
    assert not remote_engine.asked("POST /networks/create")


def test_an_image_that_cannot_be_pulled_is_told(remote_engine: FakeDocker) -> None:
    del remote_engine.answers[f"GET /images/{aws_container.IMAGE}/json"]
    remote_engine.answers["POST /images/create"] = (500, {"message": "no such host"})
    with pytest.raises(DeployError, match=r"ministackorg/ministack:[\d.]+ cannot be pulled: no such host"):
        start(remote_engine)


def test_its_state_and_log_can_be_asked_for(remote_engine: FakeDocker) -> None:
    client = docker.endpoint().client()
    assert not aws_container.is_running(client, IDENTITY)
    assert aws_container.last_lines(client, IDENTITY) == "the container is gone"
    assert not aws_container.stop(client, IDENTITY)
    remote_engine.answers |= {
        f"GET /containers/{OWN}/json": (200, {"Id": "c1", "State": {"Status": "running"}}),
    }
    assert aws_container.is_running(client, IDENTITY)


def test_a_container_that_does_not_come_up_is_told_with_its_last_words(
    remote_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_container, "last_lines", lambda *_: "it has no socket\n")
    with pytest.raises(DeployError, match="does not come up: it has no socket"):
        aws.ensure()


def test_deleting_the_state_deletes_its_volume_and_network(
    remote_engine: FakeDocker, machine: Machine
) -> None:
    remote_engine.answers |= {
        f"GET /volumes/{OWN}": (200, {"Name": OWN}),
        f"DELETE /volumes/{OWN}": (204, ""),
    }
    state.delete()
    assert [request.line for request in remote_engine.asked("DELETE")] == [f"DELETE /volumes/{OWN}"]
    assert not machine.state.exists()


def test_a_status_names_the_container() -> None:
    status = aws.Status(4577, aws_instance.folder(), pid=1, container=OWN)
    assert str(status).startswith(f"port 4577, container {OWN}")


@pytest.mark.parametrize("ours", [True, False])
def test_a_container_of_ours_that_does_not_answer_gives_its_port_up_and_anothers_port_is_refused(
    remote_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    monkeypatch.setattr(aws_instance, "query", lambda: None)
    monkeypatch.setattr(aws, "_wait", lambda *_: None)
    with socket.create_server(("127.0.0.1", paths.aws_port())):
        published = paths.aws_port() if ours else 1
        attributes = {
            "Id": "old",
            "State": {"Status": "running"},
            "Config": {"Labels": {}},
            "NetworkSettings": {"Ports": {f"{published}/tcp": []}},
        }
        remote_engine.answers |= {
            f"GET /containers/{OWN}/json": (200, attributes),
            "POST /containers/old/stop": (204, ""),
            "DELETE /containers/old": (204, ""),
        }
        if ours:
            aws.ensure()
        else:
            with pytest.raises(DeployError, match="is taken by"):
                aws.ensure()
    assert bool(remote_engine.asked("POST /containers/old/stop")) == ours


def test_an_image_that_cannot_be_pulled_leaves_alone_what_runs(
    remote_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    del remote_engine.answers[f"GET /images/{aws_container.IMAGE}/json"]
    remote_engine.answers["POST /images/create"] = (500, {"message": "no such host"})
    stopped: list[object] = []
    monkeypatch.setattr(aws, "_stop", stopped.append)
    with pytest.raises(DeployError, match="cannot be pulled"):
        aws.ensure()
    assert stopped == []
