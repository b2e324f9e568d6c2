"""What is added to ministack, over a made-up one."""

import asyncio
import json
import sys
from collections.abc import Callable, MutableMapping
from importlib import import_module, reload
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Message = MutableMapping[str, Any]


@pytest.fixture
def state() -> dict[str, Callable[[], object]]:
    """The services in use and what gives their state."""
    return {"dynamodb": lambda: {"tables": 1}, "never-used": lambda: None}


@pytest.fixture
def server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: dict[str, Callable[[], object]]
) -> ModuleType:
    """The application over a ministack that answers 204 to everything."""

    async def ministack(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.shutdown.complete"})
            return
        while scope["path"].startswith("/_aws/") and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})

    app = SimpleNamespace(
        app=ministack,
        _build_persistence_save_dict=lambda: state,
        _get_module=None,
        _load_persisted_state=None,
        _state_map={},
        SERVICE_NAME_ALIASES={},
        SERVICE_REGISTRY={},
    )
    monkeypatch.setitem(sys.modules, "ministack.app", app)
    persistence = SimpleNamespace(
        STATE_DIR=str(tmp_path / "state"),
        save_state=None,
        _json_default=None,
        _json_object_hook=None,
        _state_format_version=lambda _: 2,
    )
    monkeypatch.setitem(sys.modules, "ministack.core.persistence", persistence)
    monkeypatch.setenv("PSN_EMULATOR_INSTANCE", '{"identity": "0123"}')
    for name in ("aws_files", "aws_snapshots"):
        reload(import_module(f"infrastructure.local.{name}"))
    return reload(import_module("infrastructure.local.aws_server"))


def ask(server: ModuleType, method: str, path: str) -> tuple[int, Any]:
    """Status and JSON body of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asyncio.run(server.app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"]) if len(sent) > 1 else None


def test_it_says_whose_it_is(server: ModuleType) -> None:
    status, body = ask(server, "GET", server.INSTANCE)
    assert (status, body["identity"], body["pid"] > 0) == (200, "0123", True)


def test_everything_else_goes_to_ministack(server: ModuleType) -> None:
    assert ask(server, "GET", "/") == (204, None)
    assert ask(server, "GET", server.SNAPSHOT) == (204, None)


def test_a_snapshot_writes_the_state_of_the_services_in_use(server: ModuleType, tmp_path: Path) -> None:
    assert ask(server, "POST", server.SNAPSHOT) == (200, {"failed": []})
    written = {path.name: path.read_text() for path in (tmp_path / "state").iterdir()}
    assert written.keys() == {"dynamodb.json", "dynamodb.json.bak"}
    assert set(written.values()) == {'{"__ministack_format__": 2, "payload": {"tables": 1}}\n'}


def test_the_backup_of_a_state_is_the_one_before_and_never_one_that_is_cut_off(
    server: ModuleType, tmp_path: Path, state: dict[str, Callable[[], object]]
) -> None:
    file, backup = (tmp_path / "state" / name for name in ("dynamodb.json", "dynamodb.json.bak"))
    ask(server, "POST", server.SNAPSHOT)
    first = file.read_text()
    state["dynamodb"] = lambda: {"tables": 2}
    ask(server, "POST", server.SNAPSHOT)
    assert (backup.read_text(), json.loads(file.read_text())["payload"]) == (first, {"tables": 2})
    for damaged in ("", first[:-3]):
        file.write_text(damaged)
        ask(server, "POST", server.SNAPSHOT)
        assert (backup.read_text(), json.loads(file.read_text())["payload"]) == (first, {"tables": 2})


def test_a_snapshot_names_what_it_could_not_write(
    server: ModuleType, state: dict[str, Callable[[], object]]
) -> None:
    state["lambda"] = object
    assert ask(server, "POST", server.SNAPSHOT) == (500, {"failed": ["lambda"]})


def test_a_snapshot_takes_a_state_anew_that_a_function_under_way_changed(
    server: ModuleType, state: dict[str, Callable[[], object]], tmp_path: Path
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
    assert ask(server, "POST", server.SNAPSHOT) == (200, {"failed": []})
    assert json.loads((tmp_path / "state" / "logs.json").read_text())["payload"] == [0, 1, 2, 3]


CHUNK = 1 << 20


def upload(server: ModuleType, path: str, mebibytes: int, *, streamed: bool) -> tuple[list[Message], int]:
    """The messages of the answer to a body of so many MiB, and how many messages of the body were left unread."""
    chunks: list[Message] = [
        {"type": "http.request", "body": bytes(CHUNK), "more_body": True} for _ in range(mebibytes)
    ]
    chunks.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return chunks.pop(0)

    headers = [] if streamed else [(b"content-length", str(mebibytes * CHUNK).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(server.app(scope, receive, send))
    return sent, len(chunks)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_body_larger_than_the_gateway_takes_is_read_and_refused_as_the_gateway_does(
    server: ModuleType, streamed: bool
) -> None:
    [start, body], left = upload(server, "/_aws/execute-api/psn-local/$default/x", 11, streamed=streamed)
    assert (start["status"], json.loads(body["body"])) == (413, {"message": "Request Entity Too Large"})
    assert left == 0


@pytest.mark.parametrize("streamed", [True, False])
def test_the_largest_body_that_the_gateway_takes_reaches_ministack_whole(
    server: ModuleType, streamed: bool
) -> None:
    [start], left = upload(server, "/_aws/execute-api/psn-local/$default/x", 10, streamed=streamed)
    assert (start["status"], left) == (204, 0)


def test_other_services_take_larger_bodies(server: ModuleType) -> None:
    [start], _ = upload(server, "/v2/psn-emulator-local/blobs", 11, streamed=False)
    assert start["status"] == 204


def test_two_versions_of_one_image_share_no_container(server: ModuleType) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:psn-root"
    first, second = (
        server._functions._warm_pool_key(
            "psn-root", {"FunctionArn": arn, "PackageType": "Image", "ImageUri": "psn:1", "Version": version}
        )
        for version in ("1", "2")
    )
    assert first != second
    assert first.startswith("000000000000:us-east-1:psn-root:")


@pytest.mark.parametrize(
    "name", ["_warm_pool_key", "_pool_kill_function", "_pool_release", "_kill_pool_entry"]
)
def test_a_ministack_without_what_is_replaced_or_called_is_refused(
    server: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delattr(server._functions, name)
    with pytest.raises(ImportError, match=f"^ministack.services.lambda_svc has no {name} "):
        reload(server)


def test_an_orderly_end_removes_the_process_id(server: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("4711")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "lifespan.shutdown"}

    asyncio.run(server.app({"type": "lifespan"}, receive, send))
    assert sent == [{"type": "lifespan.shutdown.complete"}]
    assert not (tmp_path / "pid").exists()


@pytest.mark.parametrize(
    ("method", "path", "headers", "services"),
    [
        (
            "POST",
            "/",
            {"x-amz-target": "DynamoDB_20120810.PutItem", "authorization": "dynamodb"},
            {"dynamodb"},
        ),
        ("POST", "/", {"x-amz-target": "DynamoDB_20120810.Query", "authorization": "dynamodb"}, set()),
        (
            "POST",
            "/",
            {"x-amz-target": "secretsmanager.GetSecretValue", "authorization": "secretsmanager"},
            set(),
        ),
        ("PUT", "/2015-03-31/functions/f/code", {"authorization": "lambda"}, {"lambda", "lambda_durable"}),
        ("GET", "/2015-03-31/functions/f", {"authorization": "lambda"}, set()),
        ("POST", "/2015-03-31/functions/f/invocations", {"authorization": "lambda"}, set()),
        ("POST", "/", {"authorization": "iam"}, {"iam"}),
        ("POST", "/v2/apis", {"authorization": "apigateway"}, {"apigateway", "apigateway_v1"}),
        ("PUT", "/v2/psn-emulator-local/blobs/uploads/1", {}, {"ecr"}),
        ("GET", "/v2/psn-emulator-local/manifests/t", {}, set()),
        ("POST", "/_aws/execute-api/psn/$default/players", {"authorization": ""}, set()),
    ],
)
def test_a_request_changes_the_service_of_its_credentials_unless_it_reads(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, headers: dict[str, str], services: set[str]
) -> None:
    for name in ("aws_files", "aws_snapshots", "aws_server"):
        monkeypatch.delitem(sys.modules, f"infrastructure.local.{name}", raising=False)
    snapshots = import_module("infrastructure.local.aws_snapshots")
    if service := headers.get("authorization"):
        headers = headers | {
            "authorization": f"AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, …"
        }
    raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    assert snapshots._services({"method": method, "path": path, "headers": raw}) == services


def test_a_state_of_another_form_is_not_taken_for_one(server: ModuleType, tmp_path: Path) -> None:
    aws_files = sys.modules["infrastructure.local.aws_files"]
    file = tmp_path / "dynamodb.json"
    for content in (b"{}", b"null", b"\xff\x00", b'{"__ministack_format__": 3, "payload": {}}'):
        file.write_bytes(content)
        assert not aws_files._can_be_read(file)
    file.write_bytes(b'{"__ministack_format__": 2, "payload": {}}\n')
    assert aws_files._can_be_read(file)


def test_a_change_of_a_function_that_a_kill_met_under_way_is_complete_after_the_start(
    server: ModuleType,
) -> None:
    aws_files = sys.modules["infrastructure.local.aws_files"]
    pending = {"State": "Pending", "LastUpdateStatus": "InProgress", "MemorySize": 512}
    failed = {"State": "Failed", "LastUpdateStatus": "Failed"}
    function = {
        "config": dict(pending),
        "versions": {"1": {"config": dict(pending)}, "2": {"config": dict(failed)}},
    }
    aws_files._complete({"functions": SimpleNamespace(_data={"f": function})})
    done = {"State": "Active", "LastUpdateStatus": "Successful", "MemorySize": 512}
    assert function == {"config": done, "versions": {"1": {"config": done}, "2": {"config": failed}}}
