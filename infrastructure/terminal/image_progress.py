"""Reads the progress of the image's build and push off the lines of the Docker plugin, official or stand-in.

Both log the Docker engine's output: the steps of its own builder or of BuildKit, and the layers that it pushes. The
official plugin's lines do not name the layer.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["build", "push"]

_STEP = re.compile(r"(?:Step (\d+)/(\d+) :|\[(?:[\w.-]+ +)?(\d+)/(\d+)\]) *(.*)")
_LAYER = re.compile(
    r"(?:(?P<id>[0-9a-f]{12}) )?"
    r"(?P<status>Preparing|Waiting|Pushing|Pushed|Layer already exists|Mounted from\b.*)"
    r"(?: +(?:\[.*?\] +)?(?P<size>[\d.]+[kMGT]?B(?:/[\d.]+[kMGT]?B)?)(?: .*)?| *)"
)
_PUSH = ("The push refers to", "Pushing Image to the registry")
_PASSING = re.compile(r"--->|Removing intermediate container |digest: sha256:|\{\"|$")


@dataclass(slots=True)
class ImageProgress:
    """The progress of the ``stage``: ``done`` of ``total`` build steps or pushed layers, and ``detail`` in words.

    ``total`` is 0 while it is not known.
    """

    stage: Stage = "build"
    done: int = 0
    total: int = 0
    detail: str = ""
    _pushed: dict[str, bool] = field(default_factory=dict)

    def read(self, line: str) -> bool:
        """Takes a line of the plugin's; returns whether it is worth keeping where lines stay."""
        if step := _STEP.match(line):
            own, own_total, buildkit, buildkit_total, command = step.groups()
            number, self.total = int(own or buildkit), int(own_total or buildkit_total)
            self.done = number - 1
            self.detail = f"step {number} of {self.total}: {' '.join(command.split())}"
            return True
        if line.startswith(_PUSH):
            self._push()
            return True
        if layer := _LAYER.fullmatch(line):
            self._push(layer)
            return False
        return not _PASSING.match(line)

    @property
    def extent(self) -> str:
        """How much the stage was, once it is over: ``24 steps``, ``3 layers``."""
        unit = "steps" if self.stage == "build" else "layers"
        return f"{self.total} {unit}" if self.total else "done"

    def _push(self, layer: re.Match[str] | None = None) -> None:
        if self.stage == "build":
            self.stage, self.done, self.total, self.detail = "push", 0, 0, ""
        if not layer:
            return
        if layer["id"]:
            self._pushed[layer["id"]] = layer["status"] not in {"Preparing", "Waiting", "Pushing"}
            self.done, self.total = sum(self._pushed.values()), len(self._pushed)
        layers = f"{self.done} of {self.total} layers" if self.total else ""
        self.detail = ", ".join(filter(None, (layers, layer["size"])))
