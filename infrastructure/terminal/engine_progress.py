"""What is shown while the engine works: rows that move on a terminal, a line a resource elsewhere."""

import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

import pulumi
from pulumi.automation import DiagnosticEvent, EngineEvent, OpType, StepEventMetadata

from infrastructure.release.state import ALIAS, IMAGE, is_in_the_cloud, resource_name, short_type
from infrastructure.terminal.display import DISPLAY, Step, is_terminal
from infrastructure.terminal.image_progress import ImageProgress
from infrastructure.terminal.phases import Phases

_OPERATIONS: dict[OpType, str] = {
    OpType.CREATE: "created",
    OpType.UPDATE: "updated",
    OpType.CREATE_REPLACEMENT: "replaced",
    OpType.DELETE: "deleted",
    OpType.DELETE_REPLACED: "deleted",
}
_SMOKE = "aws:lambda/invocation:Invocation"
_LONGEST_LINE = 140


class EngineProgress:
    """Shows how far a run of the engine is; a class because rows, lines and phases follow from the same events.

    Use it as a context manager and pass ``record`` as the engine's ``on_event``. ``operation`` is what the engine
    does, such as ``update``; ``total`` is the number of resources that is about, if it is known before the program
    runs, else ``counted`` counts them. The time goes to ``phases``. The rows of a ``transient`` run vanish at its
    end, others stay on the terminal.
    """

    def __init__(
        self, operation: str, *, total: int = 0, phases: Phases | None = None, transient: bool = False
    ) -> None:
        self._operation = operation
        self._phases = phases or Phases()
        self._transient = transient
        self._start = self._phases.clock()
        self._declared: Counter[str] = Counter({"": total})
        self._settled: set[str] = set()
        self._smokes: dict[str, bool] = {}
        self._running: dict[str, str] = {}
        self._image = ImageProgress()
        self._steps: dict[str, Step] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._show()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            for step in self._steps.values():
                step.end(step.detail)
        DISPLAY.remove(self._steps.values(), keep=not self._transient)

    def counted[T](self, program: Callable[[], T]) -> Callable[[], T]:
        """Returns ``program`` such that its resources are counted while it declares them."""

        def count(declared: pulumi.ResourceTransformationArgs) -> None:
            self._declared[declared.type_] += is_in_the_cloud(declared.type_)

        def run() -> T:
            pulumi.runtime.register_stack_transformation(count)
            return program()

        return run

    def record(self, event: EngineEvent) -> None:
        """Takes one engine event; called from the engine's thread."""
        with self._lock:
            started, ended = event.resource_pre_event, event.res_outputs_event
            if started and not started.planning and started.metadata.op in _OPERATIONS:
                self._resource_started(started.metadata)
            elif ended and is_in_the_cloud(ended.metadata.type):
                self._resource_ended(ended.metadata, planning=bool(ended.planning))
            elif event.res_op_failed_event:
                self._running.pop(event.res_op_failed_event.metadata.urn, None)
            elif event.diagnostic_event and event.diagnostic_event.severity in {
                "info",
                "info#err",
                "warning",
            }:
                self._message(event.diagnostic_event)
            self._show()

    def _resource_started(self, resource: StepEventMetadata) -> None:
        self._running[resource.urn] = resource_name(resource.urn)
        if resource.type == IMAGE:
            self._phases.enter("build")
        elif resource.type == _SMOKE:
            self._smokes[resource.urn] = False
            self._phases.enter("smoke")
        elif resource.type == ALIAS:
            self._phases.enter(self._operation)

    def _resource_ended(self, resource: StepEventMetadata, *, planning: bool) -> None:
        self._running.pop(resource.urn, None)
        self._settled.add(resource.urn)
        if planning or resource.op not in _OPERATIONS:
            return
        if resource.type == _SMOKE:
            self._smokes[resource.urn] = True
        if resource.type == IMAGE:
            self._end_image_stage(self._image.stage, self._image.extent)
            self._phases.enter(self._operation)
        self._line(
            f"{_OPERATIONS[resource.op]} {short_type(resource.type)} {resource_name(resource.urn)}",
            has_row=True,
        )

    def _message(self, message: DiagnosticEvent) -> None:
        """Prints a message of the program or of a resource; one of the image also updates its rows."""
        is_of_image = bool(message.urn) and any(part.endswith(IMAGE) for part in str(message.urn).split("::"))
        for line in filter(None, map(str.strip, message.message.splitlines())):
            if not is_of_image:
                self._line(line)
                continue
            stage, extent = self._image.stage, self._image.extent
            if self._image.read(line):
                self._line(line, has_row=message.severity != "warning")
            if self._image.stage != stage:
                self._end_image_stage(stage, extent)
                self._phases.enter(self._image.stage)
            self._update(self._image.stage, self._image.done, self._image.total, self._image.detail)

    def _end_image_stage(self, stage: str, extent: str) -> None:
        if stage in self._steps:
            self._steps[stage].end(extent)

    def _line(self, text: str, *, has_row: bool = False) -> None:
        """Prints a line with the seconds since the start, unless a row of the terminal shows the same (``has_row``)."""
        if has_row and is_terminal():
            return
        shown = text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
        DISPLAY.say(f"{self._phases.clock() - self._start:6.1f} s  {shown}")

    def _show(self) -> None:
        names = list(self._running.values())
        done, total = len(self._settled), sum(self._declared.values())
        latest = f", under way: {', '.join(names[-3:])}" if names else ""
        self._update(self._operation, done, total, _count(done, total, "resources") + latest)
        if self._smokes:
            done, total = sum(self._smokes.values()), self._declared[_SMOKE]
            self._update("smoke", done, total, _count(done, total, "functions answered"))

    def _update(self, title: str, done: float, total: float, detail: str) -> None:
        if title not in self._steps:
            self._steps[title] = Step(title)
            DISPLAY.add(self._steps[title])
        self._steps[title].advance(done, total, detail)


def _count(done: int, total: int, unit: str) -> str:
    """``3 of 17 functions``; ``3 functions`` where the total, 0, is not known."""
    return f"{done} of {total} {unit}" if total else f"{done} {unit}"
