"""The engine's own locks on a local stack: of an engine that runs, or left by one that was killed."""

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
"""How long to wait for an engine that runs. One whose command was killed notices that after about two seconds, and then
ends."""

_POLL_SECONDS = 0.2


class _Lock(BaseModel):
    """A lock as the engine writes it: the process that made it, and when."""

    pid: int
    hostname: str
    username: str
    timestamp: datetime

    @override
    def __str__(self) -> str:
        since = self.timestamp.astimezone(UTC)
        return f"process {self.pid} (pulumi, by {self.username} since {since:%Y-%m-%d %H:%M:%S} UTC)"

    def is_held(self) -> bool:
        """Whether the engine that made it runs. One of another host, such as a container that is gone, counts as
        killed."""
        if self.hostname != socket.gethostname():
            return False
        status = processes.run(["ps", "-o", "state=", "-o", "comm=", "-p", str(self.pid)], limit=10)
        state, _, command = status.output.strip().partition(" ")
        return status.ok and not state.startswith("Z") and Path(command.strip()).name == "pulumi"


def is_left_behind(stack: str, backend: Path) -> bool:
    """Whether a killed engine left a lock on ``stack``, whose state is in the folder ``backend``.

    Waits up to 10 s for an engine that runs. Raises ``DeployError`` when it still runs then.
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
    return has_any(stack, backend)


def has_any(stack: str, backend: Path) -> bool:
    """Whether there is a lock on ``stack``, of an engine that runs or of one that was killed."""
    return any(_files(stack, backend))


def _holder(stack: str, backend: Path) -> _Lock | None:
    return next(
        (lock for file in _files(stack, backend) if (lock := _parse_lock(file)) and lock.is_held()), None
    )


def _files(stack: str, backend: Path) -> Iterator[Path]:
    return (backend / ".pulumi" / "locks").rglob(f"{stack}/*.json")


def _parse_lock(file: Path) -> _Lock | None:
    """The lock in ``file``; ``None`` where the file has just been removed, and where the engine was killed while it
    wrote it."""
    try:
        return _Lock.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
