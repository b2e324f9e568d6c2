"""How far the image is, read off what the Docker plugin says: the official one and the stand-in alike.

Both pass on what the Docker engine tells: the steps of its own builder or of BuildKit, and the layers it pushes. The
official plugin leaves out which layer a line is about.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["build", "push"]

_STEP = re.compile(r"(?:Step (\d+)/(\d+) :|\[(?:[\w.-]+ +)?(\d+)/(\d+)\]) *(.*)")
_LAYER = re.compile(
    r"(?:(?P<id>[0-9a-f]{12}) )?"
    r"(?P<status>Preparing|Waiting|Pushing|Pushed|Layer already exists|Mounted from\b.*)"
    r"(?:.*?(?P<done>[\d.]+)(?P<unit>[kMGT]?B)(?:/(?P<total>[\d.]+)(?P<of>[kMGT]?B))?(?: .*)?)?"
)
_PUSH = ("The push refers to", "Pushing Image to the registry")
_PASSING = re.compile(r"--->|Removing intermediate container |digest: sha256:|\{\"|$")
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


@dataclass(slots=True)
class Layer:
    """A layer that is pushed; sizes in bytes, ``total`` 0 until it is known."""

    done: float = 0
    total: float = 0
    there: bool = False


@dataclass(slots=True)
class ImageWork:
    """What is known of the build and the push. ``step`` of ``steps`` is under way, 0 before the first."""

    stage: Stage = "build"
    step: int = 0
    steps: int = 0
    doing: str = ""
    layers: dict[str, Layer] = field(default_factory=dict)

    def take(self, line: str) -> bool:
        """Takes a line that the plugin said; whether it is worth keeping where lines stay."""
        if found := _STEP.match(line):
            step, steps, kit_step, kit_steps, doing = found.groups()
            self.step, self.steps = int(step or kit_step), int(steps or kit_steps)
            self.doing = " ".join(doing.split())
            return True
        if line.startswith(_PUSH):
            self.stage = "push"
            return True
        if layer := _LAYER.fullmatch(line):
            self.stage = "push"
            self._layer(layer)
            return False
        return not _PASSING.match(line)

    @property
    def progress(self) -> tuple[float, float]:
        """How much of the stage is done, of how much; ``(0, 0)`` while that is not known."""
        if self.stage == "build":
            return max(self.step - 1, 0), self.steps
        return sum(layer.done for layer in self.layers.values()), sum(
            layer.total for layer in self.layers.values()
        )

    def extent(self, stage: Stage) -> str:
        """How much a stage was, once it is over."""
        if stage == "build":
            return f"{self.steps} steps" if self.steps else "done"
        size = sum(layer.total for layer in self.layers.values()) / 10**6
        return f"{len(self.layers)} layers, {size:.1f} MB" if size else f"{len(self.layers)} layers"

    def __str__(self) -> str:
        if self.stage == "build":
            return f"step {self.step} of {self.steps}: {self.doing}" if self.step else ""
        done, total = (amount / 10**6 for amount in self.progress)
        named = [layer for name, layer in self.layers.items() if name]
        there = sum(layer.there for layer in named)
        parts = [f"{there} of {len(named)} layers"] if named else []
        return ", ".join([*parts, *([f"{done:.1f} of {total:.1f} MB"] if total else [])])

    def _layer(self, found: re.Match[str]) -> None:
        layer = self.layers.setdefault(found["id"] or "", Layer())
        if found["status"] in {"Preparing", "Waiting"}:
            return
        if found["total"]:
            layer.total = float(found["total"]) * _UNITS[found["of"]]
            layer.done = min(float(found["done"]) * _UNITS[found["unit"]], layer.total)
        if found["status"] != "Pushing":
            layer.there, layer.done = True, layer.total
