"""The local AWS as hypercorn serves it: ministack's application, and beside it two paths of this project.

``GET /_psn-emulator/instance`` tells whose local AWS this is, ``POST /_psn-emulator/snapshot`` writes the state
that ministack itself writes only when it stops in order. A function that changes keeps the containers that are
answering until they have answered. The module stands alone: where the local AWS runs in a
container, this file is copied into it.
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
"""The variable whose JSON object ``GET /_psn-emulator/instance`` gives back, with the process's id added."""

_ministack = import_module("ministack.app")
_persistence = import_module("ministack.core.persistence")
_functions: Any = import_module("ministack.services.lambda_svc")
_description = json.loads(os.environ.get(DESCRIPTION, "{}"))
_writing = asyncio.Lock()


def _retire(account: str, function: str) -> None:
    """Takes a function's containers out of service because the function has changed.

    ministack's own way kills them at once, also in the middle of an answer; AWS lets them finish it.
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
    """Gives a container back after its answer, or ends it when it was taken out of service meanwhile."""
    with _functions._warm_pool_lock:
        entry |= {"in_use": False, "last_used": time.time()}
        retired = "retired" in entry
    if retired:
        _kill(entry)


def _kill(entry: dict[str, Any]) -> None:
    """Ends a container without letting anybody wait for it."""
    threading.Thread(target=_functions._kill_pool_entry, args=(entry,), daemon=True).start()


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
    else:
        await _ministack.app(scope, receive, send)


async def _write_state() -> list[str]:
    """Writes the state of every service in use; the names of those whose state could not be written.

    The states are taken in one go, between requests, and encoded aside so that requests are answered meanwhile.
    """
    sources = _ministack._build_persistence_save_dict()
    states = {name: get_state() for name, get_state in sources.items()}
    failed = []
    for name, state in states.items():
        if state is None:
            continue
        before = _written(name)
        await asyncio.to_thread(_persistence.save_state, name, state)
        if _written(name) == before:
            failed.append(name)
    return failed


def _written(name: str) -> tuple[int, int] | None:
    """The identity of the file that holds a service's state: each write makes another file."""
    try:
        stat = (Path(_persistence.STATE_DIR) / f"{name}.json").stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
