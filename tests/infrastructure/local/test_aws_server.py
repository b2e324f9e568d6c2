"""What is added to ministack, over a made-up one."""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.infrastructure.local.server import HOST, NAME, Message, Server, loaded, signed


@pytest.fixture
def state() -> dict[str, Callable[[], object]]:
    """The services in use and what gives their state."""
    return {"dynamodb": lambda: {"tables": 1}, "never-used": lambda: None}


@pytest.fixture
def server(tmp_path: Path, state: dict[str, Callable[[], object]]) -> Iterator[Server]:
    """The application over a ministack that answers 204 to everything."""
    with loaded(tmp_path, state) as running:
        yield running


def snapshot(server: Server) -> tuple[int, Any]:
    """Status and body of the answer to a signed request for a snapshot."""
    path = server.module.SNAPSHOT
    answer = server.ask("POST", path, signed("POST", path, service="psn-emulator", body=b""))
    return answer.status, answer.body


def test_it_says_whose_it_is(server: Server) -> None:
    answer = server.ask("GET", server.module.INSTANCE)
    assert (answer.status, answer.body["identity"], answer.body["pid"] > 0) == (200, "0123", True)
    assert answer.body["home"] == "/home/me/.local"


def test_a_container_is_not_told_the_name_of_a_folder(server: Server) -> None:
    answer = server.ask("GET", server.module.INSTANCE, client=("172.17.0.2", 50000))
    assert answer.body["home"] == hashlib.sha256(b"/home/me/.local").hexdigest()


def test_a_snapshot_writes_the_state_of_the_services_in_use(server: Server, tmp_path: Path) -> None:
    assert snapshot(server) == (200, {"failed": []})
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["dynamodb.json"]


def test_what_it_writes_is_for_its_owner_only(server: Server, tmp_path: Path) -> None:
    snapshot(server)
    assert (tmp_path / "state" / "dynamodb.json").stat().st_mode & 0o777 == 0o600


def test_a_snapshot_names_what_it_could_not_write(
    server: Server, state: dict[str, Callable[[], object]]
) -> None:
    state["lambda"] = lambda: "cannot be written"
    assert snapshot(server) == (500, {"failed": ["lambda"]})


def test_a_snapshot_takes_a_state_anew_that_a_function_under_way_changed(
    server: Server, state: dict[str, Callable[[], object]], tmp_path: Path
) -> None:
    logs = dict.fromkeys(range(3))

    def changing_once() -> list[int]:
        taken = []
        for line in logs:
            taken.append(line)
            if len(logs) == 3:
                logs[3] = None
        return taken

    state["logs"] = changing_once
    assert snapshot(server) == (200, {"failed": []})
    assert json.loads((tmp_path / "state" / "logs.json").read_text()) == [0, 1, 2, 3]


CHUNK = 1 << 20


def upload(server: Server, path: str, mebibytes: int, *, streamed: bool) -> tuple[list[Message], int]:
    """The messages of the answer to a body of so many MiB, and how many messages of the body were left unread."""
    chunks: list[Message] = [
        {"type": "http.request", "body": bytes(CHUNK), "more_body": True} for _ in range(mebibytes)
    ]
    chunks.append({"type": "http.request", "body": b"", "more_body": False})
    headers = [(b"host", HOST.encode())]
    headers += [] if streamed else [(b"content-length", str(mebibytes * CHUNK).encode())]
    sent = server.send({"type": "http", "method": "POST", "path": path, "headers": headers}, chunks)
    return sent, len(chunks)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_body_larger_than_the_gateway_takes_is_read_and_refused_as_the_gateway_does(
    server: Server, streamed: bool
) -> None:
    [start, body], left = upload(server, "/_aws/execute-api/psn-local/$default/x", 11, streamed=streamed)
    assert (start["status"], json.loads(body["body"])) == (413, {"message": "Request Entity Too Large"})
    assert left == 0


@pytest.mark.parametrize("streamed", [True, False])
def test_the_largest_body_that_the_gateway_takes_reaches_ministack_whole(
    server: Server, streamed: bool
) -> None:
    [start], left = upload(server, "/_aws/execute-api/psn-local/$default/x", 10, streamed=streamed)
    assert (start["status"], left) == (204, 0)


def test_two_versions_of_one_image_share_no_container(server: Server) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:psn-root"
    first, second = (
        server.part("internals").functions._warm_pool_key(
            "psn-root", {"FunctionArn": arn, "PackageType": "Image", "ImageUri": "psn:1", "Version": version}
        )
        for version in ("1", "2")
    )
    assert first != second
    assert first.startswith("000000000000:us-east-1:psn-root:")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("ministack.services.lambda_svc", "_warm_pool_key"),
        ("ministack.services.lambda_svc", "_pool_kill_function"),
        ("ministack.services.lambda_svc", "_pool_release"),
        ("ministack.services.lambda_svc", "_kill_pool_entry"),
        ("ministack.services.lambda_svc", "execution_credentials"),
        ("ministack.services.lambda_svc", "_get_docker_client"),
        ("ministack.services.lambda_svc", "_invoke_rie"),
        ("ministack.services.lambda_svc", "_classify_function_error"),
        ("ministack.services.apigateway", "run_reentrant"),
        ("ministack.services.apigateway", "handle_execute"),
        ("ministack.services.cloudwatch_logs", "_put_log_events"),
        ("ministack.services.sts", "_sessions"),
    ],
)
def test_a_ministack_without_what_is_replaced_or_called_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    lacking = {key: value for key, value in vars(import_module(module)).items() if key != name}
    monkeypatch.setitem(sys.modules, module, SimpleNamespace(**lacking))
    for loaded_before in [loaded_name for loaded_name in sys.modules if loaded_name.startswith(NAME)]:
        monkeypatch.delitem(sys.modules, loaded_before)
    with pytest.raises(ImportError, match=f"^{module} has no {name} "):
        import_module(NAME)


def test_an_orderly_end_removes_the_process_id(server: Server, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("4711")
    sent = server.send({"type": "lifespan"}, [{"type": "lifespan.shutdown"}])
    assert sent == [{"type": "lifespan.shutdown.complete"}]
    assert not (tmp_path / "pid").exists()
