"""Builds and pushes with the Docker engine's own builder, which needs no plugin of the ``docker`` command."""

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
from infrastructure.local.plugin.images.registry import parse_reference
from infrastructure.local.plugin.package import Log
from infrastructure.local.plugin.values import Properties, Value, at_path, mapping
from infrastructure.tools import credentials
from infrastructure.tools import docker as docker_engine

if TYPE_CHECKING:
    from docker import APIClient

_SILENT_SECONDS: Final = 1800
"""The longest silence of a build step, such as a download of many packages on a slow line."""

_PROGRESS_SECONDS: Final = 0.5
"""The shortest time between two log lines about one layer's progress."""

_NO_LOGIN: Final[dict[str, dict[str, dict[str, str]]]] = {"auths": {"localhost": {}}}
"""Not empty, or the SDK would read the user's own."""

_LAST_LINES: Final = 15
"""How many lines of a failed step's output an error repeats."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """The settings of a build; ``context`` and ``dockerfile`` are absolute paths."""

    name: str
    context: Path
    dockerfile: Path
    arguments: Mapping[str, str]
    platform: str | None = None
    target: str | None = None


class DockerEngine:
    """The Docker engine of this machine.

    A class because it connects with the first build and keeps the connection; a run that builds nothing needs no
    Docker.
    """

    def __init__(self, log: Log, connect: Callable[[], "APIClient"] | None = None) -> None:
        self._log = log
        self._connect = connect or _connect

    def build(self, build: Build) -> str:
        """The id of the built image. Raises ``PluginError`` with the failing step and its last lines."""
        if not build.dockerfile.is_file():
            raise PluginError(f"there is no Dockerfile at {build.dockerfile}")
        output = _EngineOutput(self._log)
        with _docker_errors("build"):
            lines = self._api.build(
                path=str(build.context),
                dockerfile=str(build.dockerfile),
                tag=build.name,
                buildargs=dict(build.arguments),
                platform=build.platform,
                target=build.target,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for line in lines:
                output.add(mapping(line))
        if output.error:
            raise PluginError(output.failure(f"building {build.name}"))
        return output.image

    def push(self, name: str) -> str:
        """The digest of the pushed image in the registry. Raises ``PluginError`` when the push fails."""
        reference = parse_reference(name)
        output = _EngineOutput(self._log)
        with _docker_errors("push"):
            pushing = self._api.push(
                reference.repository,
                tag=reference.tag,
                stream=True,
                decode=True,
                auth_config=credentials.local_aws().registry_login,
            )
            for line in pushing:
                output.add(mapping(line))
        if output.error or not output.digest:
            output.error = output.error or "the registry gave no digest"
            raise PluginError(output.failure(f"pushing {name}"))
        return output.digest

    def platform(self) -> str:
        """The platform of images where the program names none: that of the engine, such as ``linux/amd64``."""
        with _docker_errors("version"):
            version = mapping(self._api.version())
        return f"{version['Os']}/{version['Arch']}"

    @cached_property
    def _api(self) -> "APIClient":
        return self._connect()


class _EngineOutput:
    """The engine's messages during a build or push: its log lines, and the image's id, digest or error among them."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._step = ""
        self._last_lines: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self.image = ""
        self.digest = ""
        self.error = ""
        self._progress_logged: dict[str, float] = {}

    def add(self, piece: Properties) -> None:
        """Takes the next message of the stream."""
        self.error = self.error or _text(at_path(piece, "errorDetail.message") or piece.get("error"))
        self.image = _text(at_path(piece, "aux.ID")) or self.image
        self.digest = _text(at_path(piece, "aux.Digest")) or self.digest
        for line in _text(piece.get("stream")).splitlines():
            self._log_line(line.rstrip())
        if status := _text(piece.get("status")):
            layer = _text(piece.get("id"))
            progress = _text(piece.get("progress"))
            if not progress or self._is_progress_due(layer):
                self._log_line(
                    " ".join(part for part in (layer, status, progress) if part), keep=not progress
                )

    def failure(self, action: str) -> str:
        """The message of a failed ``action``: the step, the error and the last log lines."""
        step = f" at {self._step}" if self._step else ""
        tail = "\n".join(f"  {line}" for line in self._last_lines if line != self._step)
        return f"{action} failed{step}: {self.error}" + (f"\n{tail}" if tail else "")

    def _is_progress_due(self, layer: str) -> bool:
        now = time.monotonic()
        due = now - self._progress_logged.get(layer, -math.inf) >= _PROGRESS_SECONDS
        if due:
            self._progress_logged[layer] = now
        return due

    def _log_line(self, line: str, *, keep: bool = True) -> None:
        if not line:
            return
        if line.startswith("Step "):
            self._step = line
            self._last_lines.clear()
        if keep:
            self._last_lines.append(line)
        self._log(line, ephemeral=True)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _connect() -> "APIClient":
    """The SDK's client, without the logins of the user's Docker configuration, which name programs that may be missing:
    a build's base image is here already, and what is pushed has its own login."""
    from docker.auth import AuthConfig

    try:
        api = docker_engine.endpoint().client(_SILENT_SECONDS).api
    except DeployError as error:
        raise PluginError(f"{error.cause} {error.remedy}".strip()) from error
    api._auth_configs = AuthConfig(_NO_LOGIN)  # type: ignore[attr-defined]  # the SDK takes none of a caller
    return api


@contextmanager
def _docker_errors(action: str) -> Iterator[None]:
    """Raises the SDK's errors as ``PluginError``."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        raise PluginError(f"Docker refused to {action}: {error.explanation or error}") from error
    except (DockerException, RequestException) as error:
        first_line = str(error).splitlines()[0]
        raise PluginError(f"Docker does not answer ({first_line}): is it running?") from error
