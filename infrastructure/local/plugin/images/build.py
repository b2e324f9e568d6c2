"""Building and pushing with the Docker engine's own builder, which needs no plugin of the ``docker`` command."""

import collections
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infrastructure.errors import DeployError
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.images.registry import reference
from infrastructure.local.plugin.package import Log
from infrastructure.local.plugin.values import Properties, Value, at_path, mapping
from infrastructure.tools import docker as docker_engine

if TYPE_CHECKING:
    from docker import APIClient

_SILENT_SECONDS: Final = 1800
"""How long a build step may say nothing: a download of many packages on a slow line."""

_PROGRESS_SECONDS: Final = 0.5
"""How often a layer says how far it is; the engine tells many times a second."""

_LAST_LINES: Final = 15
"""How much of a failed step's output an error repeats."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """One image to build; ``context`` and ``dockerfile`` are absolute paths."""

    name: str
    context: Path
    dockerfile: Path
    arguments: Mapping[str, str]
    platform: str | None = None
    target: str | None = None


class Engine:
    """The Docker engine of this machine.

    A class because it connects with the first build and keeps that connection; a run that builds nothing needs
    no Docker at all.
    """

    def __init__(self, log: Log, connect: Callable[[], "APIClient"] | None = None) -> None:
        self._log = log
        self._connect = connect or _connected

    def build(self, wanted: Build) -> str:
        """The id of the built image; raises ``PluginError`` with the failing step and its last lines."""
        if not wanted.dockerfile.is_file():
            raise PluginError(f"there is no Dockerfile at {wanted.dockerfile}")
        output = _Output(self._log)
        with _answering("build"):
            lines = self._api.build(
                path=str(wanted.context),
                dockerfile=str(wanted.dockerfile),
                tag=wanted.name,
                buildargs=dict(wanted.arguments),
                platform=wanted.platform,
                target=wanted.target,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for line in lines:
                output.take(mapping(line))
        if output.error:
            raise PluginError(output.failure(f"building {wanted.name}"))
        return output.image

    def push(self, name: str) -> str:
        """The digest under which the registry holds the pushed image; raises ``PluginError`` when refused."""
        wanted = reference(name)
        output = _Output(self._log)
        with _answering("push"):
            for line in self._api.push(wanted.repository, tag=wanted.tag, stream=True, decode=True):
                output.take(mapping(line))
        if output.error or not output.digest:
            output.error = output.error or "the registry told no digest"
            raise PluginError(output.failure(f"pushing {name}"))
        return output.digest

    def platform(self) -> str:
        """The platform for which images are built when the program says nothing."""
        with _answering("version"):
            found = mapping(self._api.version())
        return f"{found['Os']}/{found['Arch']}"

    @cached_property
    def _api(self) -> "APIClient":
        return self._connect()


class _Output:
    """What the engine tells while it builds or pushes.

    A class because it arrives in pieces: a line of a step may come in several, and the outcome among them.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._step = ""
        self._last: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self.image = ""
        self.digest = ""
        self.error = ""
        self._progress_told: dict[str, float] = {}

    def take(self, piece: Properties) -> None:
        """Takes one message of the stream."""
        self.error = self.error or _text(at_path(piece, "errorDetail.message") or piece.get("error"))
        self.image = _text(at_path(piece, "aux.ID")) or self.image
        self.digest = _text(at_path(piece, "aux.Digest")) or self.digest
        for line in _text(piece.get("stream")).splitlines():
            self._tell(line.rstrip())
        if status := _text(piece.get("status")):
            layer = _text(piece.get("id"))
            progress = _text(piece.get("progress"))
            if not progress or self._may_tell_progress(layer):
                self._tell(" ".join(part for part in (layer, status, progress) if part), keep=not progress)

    def failure(self, doing: str) -> str:
        """What failed, at which step, and what was said last."""
        where = f" at {self._step}" if self._step else ""
        tail = "\n".join(f"  {line}" for line in self._last if line != self._step)
        return f"{doing} failed{where}: {self.error}" + (f"\n{tail}" if tail else "")

    def _may_tell_progress(self, layer: str) -> bool:
        now = time.monotonic()
        due = now - self._progress_told.get(layer, -math.inf) >= _PROGRESS_SECONDS
        if due:
            self._progress_told[layer] = now
        return due

    def _tell(self, line: str, *, keep: bool = True) -> None:
        if not line:
            return
        if line.startswith("Step "):
            self._step = line
            self._last.clear()
        if keep:
            self._last.append(line)
        self._log(line, passing=True)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _connected() -> "APIClient":
    try:
        return docker_engine.endpoint().client(_SILENT_SECONDS).api
    except DeployError as unusable:
        raise PluginError(f"{unusable.cause} {unusable.remedy}".strip()) from unusable


@contextmanager
def _answering(doing: str) -> Iterator[None]:
    """Turns what the SDK raises into one line."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as refused:
        raise PluginError(f"Docker refused to {doing}: {refused.explanation or refused}") from refused
    except (DockerException, RequestException) as silent:
        first = str(silent).splitlines()[0]
        raise PluginError(f"Docker does not answer ({first}): is it running?") from silent
