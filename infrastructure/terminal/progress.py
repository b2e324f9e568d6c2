"""What a reader sees while the engine works: live lines on a terminal, plain ones elsewhere."""

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pulumi
from pulumi.automation import DiagnosticEvent, EngineEvent, OpType, StepEventMetadata

from infrastructure.release.state import ALIAS, IMAGE, is_in_the_cloud, resource_name, short_type
from infrastructure.terminal.display import Board
from infrastructure.terminal.image_work import ImageWork
from infrastructure.terminal.phases import Phases

if TYPE_CHECKING:
    from rich.console import Console

_DONE: dict[OpType, str] = {
    OpType.CREATE: "created",
    OpType.UPDATE: "updated",
    OpType.CREATE_REPLACEMENT: "replaced",
    OpType.DELETE: "deleted",
    OpType.DELETE_REPLACED: "deleted",
}
_SMOKE = "aws:lambda/invocation:Invocation"


class Progress:
    """Tells how far the engine is; a class because lines, bars and phases share what has happened so far.

    Use it as a context manager and pass ``record`` as the engine's ``on_event``. It shows to standard error.
    ``doing`` is what the engine does, such as ``update``; ``total`` how many resources that is about, if it is
    known before the program runs, else ``counted`` finds it out. The time goes to ``phases``. What is
    ``transient`` leaves nothing on a terminal.
    """

    def __init__(
        self,
        doing: str,
        *,
        total: int | None = None,
        phases: Phases | None = None,
        transient: bool = False,
        console: "Console | None" = None,
    ) -> None:
        self._doing = doing
        self._phases = phases or Phases()
        self._declared: Counter[str] = Counter({"": total} if total else {})
        self._settled: set[str] = set()
        self._smokes: dict[str, bool] = {}
        self._running: dict[str, str] = {}
        self._image = ImageWork()
        self._lock = threading.Lock()
        self._board = Board(self._phases.clock, console, transient=transient)

    def __enter__(self) -> Self:
        self._board.start()
        self._show()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._board.stop()

    def counted[T](self, program: Callable[[], T]) -> Callable[[], T]:
        """The program, whose resources are counted while it declares them."""

        def count(declared: pulumi.ResourceTransformationArgs) -> None:
            self._declared[declared.type_] += is_in_the_cloud(declared.type_)

        def run() -> T:
            pulumi.runtime.register_stack_transformation(count)
            return program()

        return run

    def record(self, event: EngineEvent) -> None:
        """Takes one engine event."""
        with self._lock:
            started, ended = event.resource_pre_event, event.res_outputs_event
            if started and not started.planning and started.metadata.op in _DONE:
                self._started(started.metadata)
            elif ended and is_in_the_cloud(ended.metadata.type):
                self._ended(ended.metadata, planning=bool(ended.planning))
            elif event.res_op_failed_event:
                self._running.pop(event.res_op_failed_event.metadata.urn, None)
            elif event.diagnostic_event and event.diagnostic_event.severity in {
                "info",
                "info#err",
                "warning",
            }:
                self._said(event.diagnostic_event)
            self._show()

    def _started(self, step: StepEventMetadata) -> None:
        self._running[step.urn] = resource_name(step.urn)
        if step.type == IMAGE:
            self._phases.enter("build")
        elif step.type == _SMOKE:
            self._smokes[step.urn] = False
            self._phases.enter("smoke")
        elif step.type == ALIAS:
            self._phases.enter(self._doing)

    def _ended(self, step: StepEventMetadata, *, planning: bool) -> None:
        self._running.pop(step.urn, None)
        self._settled.add(step.urn)
        if planning or step.op not in _DONE:
            return
        if step.type == _SMOKE:
            self._smokes[step.urn] = True
        if step.type == IMAGE:
            self._board.finish(self._image.stage, self._image.extent(self._image.stage))
            self._phases.enter(self._doing)
        self._board.line(f"{_DONE[step.op]} {short_type(step.type)} {resource_name(step.urn)}", passing=True)

    def _said(self, said: DiagnosticEvent) -> None:
        of_image = bool(said.urn) and any(part.endswith(IMAGE) for part in str(said.urn).split("::"))
        for line in filter(None, map(str.strip, said.message.splitlines())):
            if not of_image:
                self._board.line(line)
                continue
            before = self._image.stage
            if self._image.take(line):
                self._board.line(line, passing=said.severity != "warning")
            if self._image.stage != before:
                self._board.finish(before, self._image.extent(before))
                self._phases.enter(self._image.stage)
            stage = self._image.stage
            self._board.show(stage, *self._image.progress, str(self._image), passing=stage == "build")

    def _show(self) -> None:
        names = list(self._running.values())
        done, total = len(self._settled), sum(self._declared.values())
        counts = _counted(done, total, "resources")
        latest = f", under way: {', '.join(names[-3:])}" if names else ""
        self._board.show(self._doing, done, total, counts + latest, passing=True)
        if self._smokes:
            done, total = sum(self._smokes.values()), self._declared[_SMOKE]
            self._board.show("smoke", done, total, _counted(done, total, "functions answered"), passing=True)


def _counted(done: int, total: int, what: str) -> str:
    """``3 of 17 functions``; without a total, where it is not known, ``3 functions``."""
    return f"{done} of {total} {what}" if total else f"{done} {what}"
