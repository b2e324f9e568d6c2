"""The local AWS as hypercorn serves it: ministack's application, and beside it two paths of this project.

``GET /_psn-emulator/instance`` tells whose local AWS this is, ``POST /_psn-emulator/snapshot`` writes the state
that ministack itself writes only when it stops in order. The module stands alone: where the local AWS runs in a
container, this file is copied into it.
"""

import asyncio
import json
import os
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
_description = json.loads(os.environ.get(DESCRIPTION, "{}"))
_writing = asyncio.Lock()


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
