"""The local AWS's application over a made-up ministack, and requests as its callers send them."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import unquote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

Message = MutableMapping[str, Any]

PORT = "4566"
HOST = f"localhost:{PORT}"
KEY, SECRET = "psn-emulator", "the-secret-key"
SERVICES = "apigateway,dynamodb,ecr,iam,lambda,logs,secretsmanager,sts"
NAME = "infrastructure.local.aws_server"


@dataclass
class Answer:
    """What was sent: ``status`` is 0 where a WebSocket was closed."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """The application, and the scopes that reached ministack."""

    module: ModuleType
    reached: list[Message] = field(default_factory=list)

    def part(self, name: str) -> Any:
        """A module of the application."""
        return sys.modules[f"{NAME}.{name}"]

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        **scope: Any,
    ) -> Answer:
        """The answer to a request; ``Host`` is the server's own unless ``headers`` say otherwise."""
        answer = self.raw(method, path, headers, body, **scope)
        content = answer["body"]
        return Answer(answer["status_code"], answer["headers"], json.loads(content) if content else None)

    def raw(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        **scope: Any,
    ) -> dict[str, Any]:
        """As ``ask``, in the form in which AWS's SDK has an answer."""
        target, _, query = path.partition("?")
        pairs = {"host": HOST} | {name.lower(): value for name, value in (headers or {}).items()}
        asked = {
            "type": "http",
            "method": method,
            "path": unquote(target),
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", int(PORT)),
            **scope,
        }
        sent = self.send(asked, [{"type": "http.request", "body": body, "more_body": False}])
        if sent[0]["type"] == "websocket.close":
            return {"status_code": 0, "headers": {}, "body": b""}
        start, content = sent[0], b"".join(message.get("body", b"") for message in sent[1:])
        names = {name.decode(): value.decode() for name, value in start["headers"]}
        return {"status_code": start["status"], "headers": names, "body": content}

    def send(self, scope: Message, messages: list[Message]) -> list[Message]:
        """The messages of the answer to a request of ``messages``, of which it takes those it reads."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return messages.pop(0)

        asyncio.run(self.module.app(scope, receive, send))
        return sent


def signed(
    method: str = "POST",
    path: str = "/",
    *,
    key: str = KEY,
    secret: str = SECRET,
    token: str | None = None,
    service: str = "dynamodb",
    body: bytes = b"{}",
    headers: Mapping[str, str] | None = None,
    ago: timedelta = timedelta(),
) -> dict[str, str]:
    """The headers of a request that is signed as the SDK does it."""
    request = AWSRequest(method, f"http://{HOST}{path}", dict(headers or {}), body)
    request.headers["Host"] = HOST
    with mock.patch.object(auth, "get_current_datetime", return_value=datetime.now(UTC) - ago):
        auth.SigV4Auth(Credentials(key, secret, token), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def basic(user: str, password: str) -> dict[str, str]:
    """The header of HTTP's Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@contextmanager
def loaded(
    folder: Path, state: dict[str, Callable[[], object]] | None = None, **variables: str
) -> Iterator[Server]:
    """The application, freshly loaded, over a ministack that answers 204 to everything and keeps ``state``."""
    reached: list[Message] = []

    async def ministack(scope: Message, receive: Any, send: Any) -> None:
        reached.append(scope)
        if scope["type"] == "lifespan":
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})

    (folder / "state").mkdir(parents=True)
    app = SimpleNamespace(
        app=ministack,
        _build_persistence_save_dict=lambda: state or {},
        _get_module=None,
        _load_persisted_state=None,
        _state_map={},
        SERVICE_NAME_ALIASES={},
        SERVICE_REGISTRY={},
    )
    persistence = SimpleNamespace(
        STATE_DIR=str(folder / "state"),
        save_state=None,
        _json_default=None,
        _json_object_hook=None,
        _state_format_version=lambda _: 2,
    )
    settings = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "GATEWAY_PORT": PORT,
        "SERVICES": SERVICES,
        "PSN_EMULATOR_INSTANCE": json.dumps({"identity": "0123", "home": "/home/me/.local"}),
        **variables,
    }
    before = os.umask(0o022)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "ministack.app", app)
        patched.setitem(sys.modules, "ministack.core.persistence", persistence)
        for name, value in settings.items():
            patched.setenv(name, value)
        for name in [name for name in sys.modules if name.startswith(NAME)]:
            patched.delitem(sys.modules, name)
        _put_back_at_the_end(patched)
        yield Server(import_module(NAME), reached)
        os.umask(before)


def _put_back_at_the_end(patched: pytest.MonkeyPatch) -> None:
    """Has what the application replaces in ministack put back at the end."""
    names = {
        "ministack.services.lambda_svc": (
            *("_get_docker_client", "execution_credentials", "_cached_docker_client"),
            *("_warm_pool_key", "_pool_kill_function", "_pool_release", "_invoke_rie"),
        ),
        "ministack.services.apigateway": ("run_reentrant", "handle_execute"),
    }
    for module, attributes in names.items():
        for attribute in attributes:
            patched.setattr(f"{module}.{attribute}", getattr(import_module(module), attribute))
