"""The ASGI application that hypercorn serves as the local AWS: ministack's, and what this project adds to it.

- ``GET /_psn-emulator/instance`` answers whose local AWS this is.
- ``POST /_psn-emulator/snapshot`` writes the state, which ministack writes only in an orderly end. The process id's
  file is removed after such an end, and left by a kill.
- Request bodies of the HTTP API are limited as by AWS.
- The containers of a changed function finish their answers, and each version has containers of its own.

The module imports nothing of this project: where the local AWS runs in a container, this file is copied into it.
"""

import asyncio
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Any

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
_EVENT_BYTES = (6 << 20) - (64 << 10)
"""The most of a body in an event, by Lambda's 6 MB for an invocation (AWS Lambda Developer Guide: Lambda quotas) less
what else an event holds."""
_ATTEMPTS = 200
_PAUSE_SECONDS = 0.05


def _module(name: str, *used: str) -> Any:
    """The module of ministack of that name, with what is ``used`` of it here.

    Raises ``ImportError`` where that lacks anything: these names are not part of ministack's interface, and one that
    is gone would be replaced here without any effect.
    """
    module = import_module(name)
    if missing := [attribute for attribute in used if not hasattr(module, attribute)]:
        raise ImportError(f"{name} has no {', '.join(missing)} any more: change aws_server.py with ministack")
    return module


_ministack = _module("ministack.app", "app", "_build_persistence_save_dict")
_persistence = _module("ministack.core.persistence", "STATE_DIR", "save_state")
_functions = _module(
    "ministack.services.lambda_svc",
    *("_warm_pool_key", "_pool_kill_function", "_pool_release"),  # replaced below
    *("_account_region_from_function_config", "_kill_pool_entry", "_warm_pool", "_warm_pool_lock"),
)
_description = json.loads(os.environ.get(DESCRIPTION, "{}"))
_writing = asyncio.Lock()


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
        async with _writing:
            failed = await _write_state()
        await _answer(send, 500 if failed else 200, {"failed": failed})
    elif path and path.startswith(_EXECUTE_API):
        body = await _body(scope, receive)
        if body is None or not _fits_in_an_event(body):
            await _answer(send, 413, {"message": "Request Entity Too Large"})
        else:
            await _ministack.app(scope, _replayed(body, receive), send)
    elif scope["type"] == "lifespan":
        await _ministack.app(scope, receive, _removing_pid_file(send))
    else:
        await _ministack.app(scope, receive, send)


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


def _fits_in_an_event(messages: list[MutableMapping[str, Any]]) -> bool:
    """Whether a function can be given the request body, which is a JSON string in its event: as text, or in base64.

    One that is too large would be refused by the function's container, with its internals in the answer.
    """
    body = b"".join(message.get("body", b"") for message in messages)
    if len(body) * len(r"\u0000") <= _EVENT_BYTES:
        return True
    return max(len(json.dumps(body.decode(errors="replace"))), len(body) * 4 // 3) <= _EVENT_BYTES


def _replayed(messages: list[MutableMapping[str, Any]], receive: Receive) -> Receive:
    """A ``receive`` that returns ``messages`` again, and then those of the original."""

    async def give() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else await receive()

    return give


def _removing_pid_file(send: Send) -> Send:
    """A ``send`` that removes the process id's file once ministack has shut down and written its state."""

    async def send_and_remove(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            Path(_persistence.STATE_DIR).with_name("pid").unlink(missing_ok=True)
        await send(message)

    return send_and_remove


async def _write_state() -> list[str]:
    """Writes the state of every service in use; the names of those whose state could not be written.

    All states are read between two requests, and encoded in a thread so that requests are answered meanwhile.
    """
    sources = _ministack._build_persistence_save_dict()
    states = {name: _read_state(get_state) for name, get_state in sources.items()}
    failed = []
    for name, state in states.items():
        if state is None:
            continue
        before = _file_identity(name)
        await asyncio.to_thread(_persistence.save_state, name, state)
        if _file_identity(name) == before:
            failed.append(name)
    return failed


def _read_state(get_state: Callable[[], Any]) -> Any:
    """A service's state, read again where a running function's log changed it meanwhile.

    The waiting blocks the event loop, so no new function is started and each attempt meets fewer of them.
    """
    for _ in range(_ATTEMPTS):
        try:
            return get_state()
        except RuntimeError as changed:
            if "changed size during iteration" not in str(changed):
                raise
            time.sleep(_PAUSE_SECONDS)
    return get_state()


def _file_identity(name: str) -> tuple[int, int] | None:
    """The inode and time of a service's state file, which every write changes; ``None`` where there is none."""
    try:
        stat = (Path(_persistence.STATE_DIR) / f"{name}.json").stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
