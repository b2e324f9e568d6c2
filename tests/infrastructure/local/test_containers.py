"""How the local AWS has Docker start the functions."""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

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
    assert json.loads(created.body)["Entrypoint"][-1] == "/lambda-entrypoint.sh"


class FakeContainer:
    """A container of a function, in one network."""

    status = "running"
    attrs: ClassVar = {"NetworkSettings": {"Networks": {"apart": {"IPAddress": "127.0.0.1"}}}}

    def reload(self) -> None:
        """Finds nothing new."""

    def logs(self, **_: object) -> bytes:
        return b"START\nEND\n"


class Function(BaseHTTPRequestHandler):
    """What listens in it: echoes its event, or fails as the event says."""

    def do_POST(self) -> None:
        event = self.rfile.read(int(self.headers["Content-Length"]))
        told = json.loads(event)
        self.send_response(told.get("status", 200))
        if told.get("kind"):
            self.send_header("X-Amz-Function-Error", told["kind"])
        self.end_headers()
        time.sleep(told.get("seconds", 0))
        self.wfile.write(told["text"].encode() if "text" in told else event)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def invoke(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, Any]]]:
    """Invokes a function."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Function) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(server.part("invocation"), "PORT", listening.server_port)
        functions = server.part("internals").functions
        yield lambda **event: functions._invoke_rie(FakeContainer(), event, 5, "id")
        listening.shutdown()


def test_a_function_answers(invoke: Callable[..., dict[str, Any]]) -> None:
    assert invoke(a=1) == {"body": {"a": 1}, "log": "START\nEND", "log_source": "rie"}
    assert invoke(text="no JSON") == {
        "body": "no JSON",
        "log": "START\nEND",
        "log_source": "rie",
        "raw_payload": True,
    }


def test_a_function_that_fails_is_told_as_one(invoke: Callable[..., dict[str, Any]]) -> None:
    failed = invoke(errorMessage="no", errorType="ValueError", kind="Unhandled")
    assert (failed["error"], failed["function_error"]) == (True, "Unhandled")
    broken = invoke(status=502, text='{"errorMessage": "no module", "errorType": "ImportError"}')
    assert (broken["error"], broken["body"]["errorMessage"]) == (True, "no module")


def test_a_function_that_takes_too_long_is_ended(
    invoke: Callable[..., dict[str, Any]], server: Server
) -> None:
    functions = server.part("internals").functions
    slow = functions._invoke_rie(FakeContainer(), {"seconds": 2, "text": "late"}, 0.2, "id")
    assert (slow["error"], slow["timeout"], slow["body"]["errorType"]) == (True, True, "Sandbox.Timedout")


def test_a_function_whose_container_has_ended_is_told_with_its_log(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeContainer, "status", "exited")
    ended = server.part("internals").functions._invoke_rie(FakeContainer(), {}, 1, "id")
    assert (ended["error"], ended["body"]["errorType"]) == (True, "Runtime.ExitError")
    assert "START" in ended["body"]["errorMessage"]


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


@pytest.fixture
def pool(server: Server, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The warm containers of a function that exists: two idle ones and one in use; and those that were ended."""
    functions, account = server.part("internals").functions, "000000000000"
    first = {"last_used": time.time(), "in_use": False}
    second = {"last_used": time.time(), "in_use": True}
    other = {"last_used": time.time(), "in_use": False}
    warm = {f"{account}:r:psn-root:1:a": [first, second], f"{account}:r:psn-docs:1:a": [other]}
    ended: list[dict[str, Any]] = []
    monkeypatch.setattr(functions, "_warm_pool", warm)
    monkeypatch.setattr(functions, "_functions", {"psn-root": {}})
    monkeypatch.setattr(server.part("containers"), "_kill", ended.append)
    return SimpleNamespace(
        functions=functions,
        account=account,
        warm=warm,
        ended=ended,
        first=first,
        second=second,
        other=other,
    )


def test_a_deleted_functions_containers_end_when_they_have_answered(pool: SimpleNamespace) -> None:
    pool.functions._functions.clear()
    pool.functions._pool_kill_function(pool.account, "psn-root")
    assert pool.ended == [pool.first]
    assert list(pool.warm.values()) == [[], [pool.other]]
    pool.functions._pool_release(pool.second)
    assert pool.ended == [pool.first, pool.second]


def test_a_changed_functions_containers_serve_on_and_end_later_when_they_serve_nothing(
    pool: SimpleNamespace, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.part("containers"), "LINGER_SECONDS", 0.2)
    pool.functions._pool_kill_function(pool.account, "psn-root")
    assert pool.ended == []
    pool.functions._pool_release(pool.second)
    deadline = time.monotonic() + 10
    while not pool.ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert pool.ended == [pool.first]
    assert list(pool.warm.values()) == [[pool.second], [pool.other]]
