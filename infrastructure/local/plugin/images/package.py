"""The resource types of the ``docker`` package that a local stack needs."""

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import override

from infrastructure.local.plugin.checks import CheckFailure
from infrastructure.local.plugin.images.build import DockerEngine
from infrastructure.local.plugin.images.image import IMAGE, ImageLifecycle
from infrastructure.local.plugin.images.registry import is_local
from infrastructure.local.plugin.package import Log, Package
from infrastructure.local.plugin.provider import Provider
from infrastructure.local.plugin.resource_type import ResourceType
from infrastructure.local.plugin.values import UNKNOWN, Properties


class ImagesPackage(Package):
    """The ``docker`` package; relative paths of build contexts start at ``folder``."""

    name = "docker"
    distribution = "pulumi-docker"

    def __init__(self, folder: Path, engine: Callable[[Log], DockerEngine] = DockerEngine) -> None:
        self._folder = folder
        self._engine = engine

    @override
    def check_configuration(self, inputs: Properties) -> list[CheckFailure]:
        """Refuses every setting: the environment names the Docker engine."""
        known = {"version", "pluginDownloadURL"}
        reason = "not supported by the stand-in plugin, which uses the engine that the docker command uses"
        return [CheckFailure(key, reason) for key in inputs if key not in known and not key.startswith("__")]

    @override
    def replaces(self, key: str) -> bool:
        """Replaces nothing."""
        return False

    @override
    def configure(self, inputs: Properties, log: Log, cancelled: threading.Event) -> Provider:
        """The provider, which connects to Docker with its first build."""
        engine = cache(lambda: self._engine(log))
        lifecycle = ImageLifecycle(engine, self._folder)
        return Provider(
            {IMAGE.name: IMAGE},
            lambda _kind: lifecycle,
            check=_check_registry,
            complete=lifecycle.with_context_digest,
        )


def _check_registry(_kind: ResourceType, inputs: Properties) -> list[CheckFailure]:
    """Refuses an image whose registry is not on this machine."""
    name = inputs.get("imageName")
    if inputs.get("skipPush") or name is UNKNOWN or not isinstance(name, str) or is_local(name):
        return []
    return [
        CheckFailure("imageName", f"the stand-in plugin pushes to this machine only: {name} is not on it")
    ]
