"""The ASGI application that hypercorn serves as the local AWS: ministack's, and what this project adds to it.

- ``GET /_psn-emulator/instance`` answers whose local AWS this is.
- ``POST /_psn-emulator/snapshot`` writes the state, which ``aws_snapshots`` also does soon after a change. The process
  id's file is removed after an orderly end, and left by a kill.
- Request bodies of the HTTP API are limited as by AWS.
- The containers of a changed function finish their answers, and each version has containers of its own.

The module imports of this project what ``aws_container`` copies into the container that the local AWS may run in.
"""

import json
import os
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from infrastructure.local import aws_snapshots
from infrastructure.local.aws_files import ministack_module

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

INSTANCE = "/_psn-emulator/instance"
SNAPSHOT = "/_psn-emulator/snapshot"
DESCRIPTION = "PSN_EMULATOR_INSTANCE"
"""The environment variable with the JSON object that ``GET /_psn-emulator/instance`` answers, beside the process id."""

_EXECUTE_API = "/_aws/execute-api/"
_BODY_BYTES = 10 << 20
"""The largest request body of an HTTP API, 10 MB (API Gateway Developer Guide: Quotas for HTTP APIs)."""


_ministack = ministack_module("ministack.app", "app")
_persistence = ministack_module("ministack.core.persistence", "STATE_DIR")
_functions = ministack_module(
    "ministack.services.lambda_svc",
    *("_warm_pool_key", "_pool_kill_function", "_pool_release"),  # replaced below
    *("_account_region_from_function_config", "_kill_pool_entry", "_warm_pool", "_warm_pool_lock"),
)
_description = json.loads(os.environ.get(DESCRIPTION, "{}"))


def _pool_key(function: str, config: dict[str, Any]) -> str:
    """The key of the containers that are interchangeable.

    ministack's own key has no version: two versions of one image would answer with each other's settings.
    """
    account, region = _functions._account_region_from_function_config(config)
    return f"{account}:{region}:{function}:{config['Version']}:{config.get('ImageUri')}"


def _retire(account: str, function: str) -> None:
    """Takes the containers of a changed function out of service, and ends the idle ones.

    ministack's own function kills all of them; AWS lets them finish their answers.
    """
    with _functions._warm_pool_lock:
        keys = [key for key in _functions._warm_pool if key.split(":")[:3:2] == [account, function]]
        entries = [entry for key in keys for entry in _functions._warm_pool.pop(key)]
        for entry in entries:
            entry["retired"] = True
        idle = [entry for entry in entries if not entry["in_use"]]
    for entry in idle:
        _kill(entry)


def _release(entry: dict[str, Any]) -> None:
    """Returns a container to the pool after its answer, or ends it where it was taken out of service."""
    with _functions._warm_pool_lock:
        entry |= {"in_use": False, "last_used": time.time()}
        retired = "retired" in entry
    if retired:
        _kill(entry)


def _kill(entry: dict[str, Any]) -> None:
    """Ends a container in the background."""
    threading.Thread(target=_functions._kill_pool_entry, args=(entry,), daemon=True).start()


_functions._warm_pool_key = _pool_key
_functions._pool_kill_function = _retire
_functions._pool_release = _release


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    path = scope.get("path") if scope["type"] == "http" else None
    if path == INSTANCE:
        await _answer(send, 200, {**_description, "pid": os.getpid()})
    elif path == SNAPSHOT and scope["method"] == "POST":
        failed = await aws_snapshots.write_all()
        await _answer(send, 500 if failed else 200, {"failed": failed})
    elif path and path.startswith(_EXECUTE_API):
        body = await _body(scope, receive)
        if body is None:
            await _answer(send, 413, {"message": "Request Entity Too Large"})
        else:
            await _ministack.app(scope, _replayed(body, receive), send)
    elif scope["type"] == "lifespan":
        await _ministack.app(scope, _ending_snapshot(receive), _removing_pid_file(send))
    else:
        try:
            await _ministack.app(scope, receive, send)
        finally:
            if scope["type"] == "http":
                aws_snapshots.writer.note(scope)


async def _body(scope: Scope, receive: Receive) -> list[MutableMapping[str, Any]] | None:
    """The messages of the request body; ``None`` for one that is too large.

    That is read to its end and dropped: a client that is answered while it sends may see its connection reset and
    not the answer.
    """
    size = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
    messages: list[MutableMapping[str, Any]] = []
    received, more = 0, True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        received += len(message.get("body", b""))
        if max(size, received) <= _BODY_BYTES:
            messages.append(message)
    return messages if max(size, received) <= _BODY_BYTES else None


def _replayed(messages: list[MutableMapping[str, Any]], receive: Receive) -> Receive:
    """A ``receive`` that returns ``messages`` again, and then those of the original."""

    async def give() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else await receive()

    return give


def _ending_snapshot(receive: Receive) -> Receive:
    """A ``receive`` that ends a snapshot under way before ministack shuts down and writes its state."""

    async def receive_and_end() -> MutableMapping[str, Any]:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            aws_snapshots.writer.end()
        return message

    return receive_and_end


def _removing_pid_file(send: Send) -> Send:
    """A ``send`` that removes the process id's file once ministack has shut down and written its state."""

    async def send_and_remove(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            Path(_persistence.STATE_DIR).with_name("pid").unlink(missing_ok=True)
        await send(message)

    return send_and_remove


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
