"""The engine's own lock on a local stack: held by an engine that runs, or left by one that was killed."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import override

from pydantic import BaseModel, ValidationError

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import processes

_PATIENCE_SECONDS = 10.0
"""How long an engine is waited for. One whose command was killed alone goes on until it finds that out, which takes it
about two seconds."""

_POLL_SECONDS = 0.2


class _Lock(BaseModel):
    """What the engine writes into a lock: who made it and when."""

    pid: int
    hostname: str
    username: str
    timestamp: datetime

    @override
    def __str__(self) -> str:
        since = self.timestamp.astimezone(UTC)
        return f"process {self.pid} (pulumi, by {self.username} since {since:%Y-%m-%d %H:%M:%S} UTC)"

    def held(self) -> bool:
        """Whether the engine that made it runs. One of another host, such as a container that is gone, cannot be
        asked and counts as killed."""
        if self.hostname != socket.gethostname():
            return False
        shown = processes.run(["ps", "-o", "state=", "-o", "comm=", "-p", str(self.pid)], limit=10)
        state, _, command = shown.output.strip().partition(" ")
        return shown.ok and not state.startswith("Z") and Path(command.strip()).name == "pulumi"


def left_behind(stack: str, backend: Path) -> bool:
    """Whether a killed engine left its lock on ``stack``, whose state is in the folder ``backend``.

    Waits a moment for an engine that runs. Raises ``DeployError`` when that goes on: it is somebody else's.
    """
    if holder := _holder(stack, backend):
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with display.progress(
            f"Stack {stack!r} is being changed by {holder}", "waiting a moment for it to end"
        ):
            while holder := _holder(stack, backend):
                if time.monotonic() > deadline:
                    raise DeployError(
                        f"Stack {stack!r} is being changed by {holder}.",
                        "Wait until it has ended, then run this again.",
                    )
                time.sleep(_POLL_SECONDS)
    return any(_files(stack, backend))


def _holder(stack: str, backend: Path) -> _Lock | None:
    return next((lock for file in _files(stack, backend) if (lock := _read(file)) and lock.held()), None)


def _files(stack: str, backend: Path) -> Iterator[Path]:
    return (backend / ".pulumi" / "locks").rglob(f"{stack}/*.json")


def _read(file: Path) -> _Lock | None:
    """The lock in a file; ``None`` where its owner has just removed it, or was killed before it was written."""
    try:
        return _Lock.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
