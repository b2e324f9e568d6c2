"""How the local AWS has Docker start the functions."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.local import aws_instance
from infrastructure.tools.credentials import Credential
from tests.infrastructure.local.server import KEY, PORT, SECRET, Server, loaded
from tests.support.fake_docker import FakeDocker


@pytest.fixture
def server(tmp_path: Path, docker_engine: FakeDocker) -> Iterator[Server]:
    with loaded(tmp_path / "server") as running:
        yield running


def client(server: Server) -> Any:
    """The client that ministack takes to start functions."""
    return server.part("internals").functions._get_docker_client()


def test_a_function_may_do_what_a_function_may_on_lambda(server: Server, docker_engine: FakeDocker) -> None:
    docker_engine.answers |= {
        "POST /containers/create": (201, {"Id": "c1"}),
        "GET /containers/c1/json": (200, {"Id": "c1", "Config": {"Labels": {}}}),
        "POST /containers/c1/start": (204, ""),
    }
    variables = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"}
    client(server).containers.run(image="psn:1", environment=variables, detach=True, privileged=True)
    [created] = docker_engine.asked("POST /containers/create")
    settings = json.loads(created.body)["HostConfig"]
    assert settings["CapDrop"] == ["ALL"]
    assert settings["SecurityOpt"] == ["no-new-privileges"]
    assert settings["ReadonlyRootfs"]
    assert settings["Tmpfs"].keys() == {"/tmp"}  # noqa: S108
    assert "size=536870912" in settings["Tmpfs"]["/tmp"]  # noqa: S108
    assert settings["Memory"] == settings["MemorySwap"] == 256 << 20
    assert settings["PidsLimit"] == 1024


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        (
            f"localhost:{PORT}/psn:1",
            {"username": "AWS", "password": Credential(KEY, SECRET).registry_password},
        ),
        ("localhost:1/psn:1", None),
        ("docker.io/psn:1", None),
    ],
)
def test_an_image_of_its_own_registry_is_fetched_with_that_ones_password(
    server: Server, docker_engine: FakeDocker, image: str, asked: dict[str, str] | None
) -> None:
    docker_engine.answers["POST /images/create"] = (200, "{}")
    docker_engine.answers["GET /images/.*/json"] = (200, {"Id": "sha256:0"})
    client(server).images.pull(image, platform=None)
    [pulled] = docker_engine.asked("POST /images/create")
    sent = pulled.headers.get("X-Registry-Auth")
    assert (json.loads(base64.urlsafe_b64decode(sent)) if sent else None) == asked


def test_without_docker_ministack_is_told_so(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    assert client(server) is None


def test_the_package_needs_nothing_of_the_project(tmp_path: Path) -> None:
    """Where the local AWS is a container, these files are all that is copied into it."""
    (tmp_path / aws_instance.SERVER.name).mkdir()
    for path in aws_instance.server_files():
        shutil.copy(path, tmp_path / aws_instance.SERVER.name)
    program = "import sys, aws_server; print(callable(aws_server.app), 'infrastructure' in sys.modules)"
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    ended = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "True False\n", ended.stderr
