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
    written = {path.name: path.read_text() for path in (tmp_path / "state").iterdir()}
    assert written.keys() == {"dynamodb.json", "dynamodb.json.bak"}
    assert set(written.values()) == {'{"__ministack_format__": 2, "payload": {"tables": 1}}\n'}


def test_the_backup_of_a_state_is_the_one_before_and_never_one_that_is_damaged(
    server: Server, tmp_path: Path, state: dict[str, Callable[[], object]]
) -> None:
    file, backup = (tmp_path / "state" / name for name in ("dynamodb.json", "dynamodb.json.bak"))
    snapshot(server)
    first = file.read_text()
    state["dynamodb"] = lambda: {"tables": 2}
    snapshot(server)
    assert (backup.read_text(), json.loads(file.read_text())["payload"]) == (first, {"tables": 2})
    for damaged in ("", first[:-3], "{}"):
        file.write_text(damaged)
        snapshot(server)
        assert (backup.read_text(), json.loads(file.read_text())["payload"]) == (first, {"tables": 2})


def test_what_it_writes_is_for_its_owner_only(server: Server, tmp_path: Path) -> None:
    snapshot(server)
    assert (tmp_path / "state" / "dynamodb.json").stat().st_mode & 0o777 == 0o600


def test_a_snapshot_names_what_it_could_not_write(
    server: Server, state: dict[str, Callable[[], object]]
) -> None:
    state["lambda"] = object
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
    assert json.loads((tmp_path / "state" / "logs.json").read_text())["payload"] == [0, 1, 2, 3]


CHUNK = 1 << 20


def upload(
    server: Server, path: str, mebibytes: int, *, streamed: bool, character: bytes = b" "
) -> tuple[list[Message], int]:
    """The messages of the answer to a body of so many MiB of one character, and how many messages of the body were left
    unread."""
    chunks: list[Message] = [
        {"type": "http.request", "body": character * CHUNK, "more_body": True} for _ in range(mebibytes)
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
def test_a_large_body_that_a_function_can_be_given_reaches_ministack_whole(
    server: Server, streamed: bool
) -> None:
    [start], left = upload(server, "/_aws/execute-api/psn-local/$default/x", 4, streamed=streamed)
    assert (start["status"], left) == (204, 0)


@pytest.mark.parametrize(
    ("mebibytes", "character"), [(6, b" "), (10, b" "), (5, b"\xff"), (2, b"\0"), (4, b'"')]
)
def test_one_that_no_function_can_be_given_is_refused_as_the_gateway_does(
    server: Server, mebibytes: int, character: bytes
) -> None:
    path = "/_aws/execute-api/psn-local/$default/x"
    [start, body], left = upload(server, path, mebibytes, streamed=True, character=character)
    assert (start["status"], json.loads(body["body"])) == (413, {"message": "Request Entity Too Large"})
    assert left == 0


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


@pytest.mark.parametrize(
    ("request_", "headers", "services"),
    [
        (
            "POST /",
            {"x-amz-target": "DynamoDB_20120810.PutItem", "authorization": "dynamodb"},
            {"dynamodb"},
        ),
        ("POST /", {"x-amz-target": "DynamoDB_20120810.Query", "authorization": "dynamodb"}, set()),
        (
            "POST /",
            {"x-amz-target": "secretsmanager.GetSecretValue", "authorization": "secretsmanager"},
            set(),
        ),
        ("PUT /2015-03-31/functions/f/code", {"authorization": "lambda"}, {"lambda", "lambda_durable"}),
        ("GET /2015-03-31/functions/f", {"authorization": "lambda"}, set()),
        ("POST /2015-03-31/functions/f/invocations", {"authorization": "lambda"}, set()),
        ("POST /", {"authorization": "iam"}, {"iam"}),
        ("POST /v2/apis", {"authorization": "apigateway"}, {"apigateway", "apigateway_v1"}),
        ("PUT /v2/psn-emulator-local/blobs/uploads/1", {}, {"ecr"}),
        ("GET /v2/psn-emulator-local/manifests/t", {}, set()),
        ("POST /_aws/execute-api/psn/$default/players", {"authorization": ""}, set()),
    ],
)
def test_a_request_changes_the_service_of_its_credentials_unless_it_reads(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    request_: str,
    headers: dict[str, str],
    services: set[str],
) -> None:
    for name in ("ministack.app", "ministack.core.persistence"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(server.part("internals"), "ministack", import_module("ministack.app"))
    if service := headers.get("authorization"):
        headers = headers | {
            "authorization": f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, …"
        }
    method, path = request_.split()
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    assert server.part("snapshots")._services({"method": method, "path": path, "headers": raw}) == services


def test_a_state_of_another_form_is_not_taken_for_one(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "dynamodb.json"
    for content in (b"{}", b"null", b"\xff\x00", b'{"__ministack_format__": 3, "payload": {}}'):
        file.write_bytes(content)
        assert not server.part("state")._can_be_read(file)
    file.write_bytes(b'{"__ministack_format__": 2, "payload": {}}\n')
    assert server.part("state")._can_be_read(file)


def test_a_change_of_a_function_that_a_kill_met_under_way_is_complete_after_the_start(
    server: Server,
) -> None:
    pending = {"State": "Pending", "LastUpdateStatus": "InProgress", "MemorySize": 512}
    failed = {"State": "Failed", "LastUpdateStatus": "Failed"}
    function = {
        "config": dict(pending),
        "versions": {"1": {"config": dict(pending)}, "2": {"config": dict(failed)}},
    }
    server.part("state")._complete({"functions": SimpleNamespace(_data={"f": function})})
    done = {"State": "Active", "LastUpdateStatus": "Successful", "MemorySize": 512}
    assert function == {"config": done, "versions": {"1": {"config": done}, "2": {"config": failed}}}
