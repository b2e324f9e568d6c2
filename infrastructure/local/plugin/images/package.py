"""The resource types of the ``docker`` package that a local stack needs."""

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import override

from infrastructure.local.plugin.checks import Failure
from infrastructure.local.plugin.images.build import Engine
from infrastructure.local.plugin.images.image import IMAGE, ImageLifecycle
from infrastructure.local.plugin.images.registry import is_local
from infrastructure.local.plugin.package import Log, Package
from infrastructure.local.plugin.resource_type import ResourceType
from infrastructure.local.plugin.session import Session
from infrastructure.local.plugin.values import UNKNOWN, Properties


class ImagesPackage(Package):
    """The ``docker`` package; relative paths start at ``folder``, as they do for the official plugin's program."""

    name = "docker"
    distribution = "pulumi-docker"

    def __init__(self, folder: Path, engine: Callable[[Log], Engine] = Engine) -> None:
        self._folder = folder
        self._engine = engine

    @override
    def refused(self, inputs: Properties) -> list[Failure]:
        """Every setting: which Docker engine is used is the environment's to say."""
        known = {"version", "pluginDownloadURL"}
        reason = "not supported by the stand-in plugin, which uses the engine that the docker command uses"
        return [Failure(key, reason) for key in inputs if key not in known and not key.startswith("__")]

    @override
    def replaces(self, key: str) -> bool:
        """No setting."""
        return False

    @override
    def session(self, inputs: Properties, log: Log, cancelled: threading.Event) -> Session:
        """A session that meets Docker when it first builds."""
        engine = cache(lambda: self._engine(log))
        lifecycle = ImageLifecycle(engine, self._folder)
        return Session(
            {IMAGE.name: IMAGE}, lambda _kind: lifecycle, refused=_elsewhere, completed=lifecycle.completed
        )


def _elsewhere(_kind: ResourceType, inputs: Properties) -> list[Failure]:
    """An image that would be pushed to a registry that is not on this machine."""
    name = inputs.get("imageName")
    if inputs.get("skipPush") or name is UNKNOWN or not isinstance(name, str) or is_local(name):
        return []
    return [Failure("imageName", f"the stand-in plugin pushes to this machine only: {name} is not on it")]
