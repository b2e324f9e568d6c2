"""What a reader sees while the engine works: a live line on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pulumi.automation import EngineEvent, OpType, StepEventMetadata
from rich.console import Console

from infrastructure.changes import resource_name, short_type

if TYPE_CHECKING:
    from rich.status import Status

_DONE: dict[OpType, str] = {
    OpType.CREATE: "created",
    OpType.UPDATE: "updated",
    OpType.CREATE_REPLACEMENT: "replaced",
    OpType.DELETE: "deleted",
    OpType.DELETE_REPLACED: "deleted",
}
_COMPONENT = "psn-emulator:"


class Progress:
    """Tells what the engine has done; a class because lines and the live line share a clock and a count.

    Use it as a context manager and pass ``record`` as the engine's ``on_event``. Lines go to standard error.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._clock = clock
        self._start = clock()
        self._done = 0
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("asking the engine")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def record(self, event: EngineEvent) -> None:
        """Takes one engine event."""
        with self._lock:
            started, ended = event.resource_pre_event, event.res_outputs_event
            if started and not started.planning and started.metadata.op in _DONE:
                self._running[started.metadata.urn] = resource_name(started.metadata.urn)
            elif ended and not ended.planning and ended.metadata.op in _DONE:
                self._running.pop(ended.metadata.urn, None)
                self._finished(ended.metadata)
            elif event.diagnostic_event and event.diagnostic_event.severity in {"info", "warning"}:
                self._say(event.diagnostic_event.message.strip())
            if self._status and self._running:
                names = ", ".join(list(self._running.values())[-3:])
                self._status.update(f"{self._done} done, {len(self._running)} under way: {names}")

    def _finished(self, step: StepEventMetadata) -> None:
        if step.type.startswith(("pulumi:", _COMPONENT)):
            return
        self._done += 1
        if not self._status:
            self._say(f"{_DONE[step.op]} {short_type(step.type)} {resource_name(step.urn)}")

    def _say(self, text: str) -> None:
        for line in text.splitlines():
            self._console.print(f"[dim]{self._clock() - self._start:6.1f} s[/]  ", end="")
            self._console.print(line, markup=False)
