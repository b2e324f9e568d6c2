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

    async def ministack(_: Message, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    def save_state(name: str, content: object) -> None:
        if content != "cannot be written":
            (tmp_path / f"{name}.json").write_text(json.dumps(content))

    app = SimpleNamespace(app=ministack, _build_persistence_save_dict=lambda: state)
    monkeypatch.setitem(sys.modules, "ministack.app", app)
    persistence = SimpleNamespace(save_state=save_state, STATE_DIR=str(tmp_path))
    monkeypatch.setitem(sys.modules, "ministack.core.persistence", persistence)
    monkeypatch.setenv("PSN_EMULATOR_INSTANCE", '{"identity": "0123"}')
    return reload(import_module("infrastructure.local.aws_server"))


def ask(server: ModuleType, method: str, path: str) -> tuple[int, Any]:
    """Status and JSON body of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(server.app({"type": "http", "method": method, "path": path}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"]) if len(sent) > 1 else None


def test_it_says_whose_it_is(server: ModuleType) -> None:
    status, body = ask(server, "GET", server.INSTANCE)
    assert (status, body["identity"], body["pid"] > 0) == (200, "0123", True)


def test_everything_else_goes_to_ministack(server: ModuleType) -> None:
    assert ask(server, "GET", "/") == (204, None)
    assert ask(server, "GET", server.SNAPSHOT) == (204, None)


def test_a_snapshot_writes_the_state_of_the_services_in_use(server: ModuleType, tmp_path: Path) -> None:
    assert ask(server, "POST", server.SNAPSHOT) == (200, {"failed": []})
    assert [path.name for path in tmp_path.iterdir()] == ["dynamodb.json"]


def test_a_snapshot_names_what_it_could_not_write(
    server: ModuleType, state: dict[str, Callable[[], object]]
) -> None:
    state["lambda"] = lambda: "cannot be written"
    assert ask(server, "POST", server.SNAPSHOT) == (500, {"failed": ["lambda"]})
