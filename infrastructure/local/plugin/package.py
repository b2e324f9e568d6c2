"""What a package of resource types has to offer to be served to the engine."""

import threading
from abc import ABC, abstractmethod
from importlib import metadata
from typing import Protocol

from infrastructure.local.plugin.checks import Failure
from infrastructure.local.plugin.session import Session
from infrastructure.local.plugin.values import Properties


class Log(Protocol):
    """Takes lines for the person who watches the deploy."""

    def __call__(self, line: str, *, passing: bool = False) -> None:
        """Shows ``line``, a ``passing`` one only until the next."""


class Package(ABC):
    """A package of the Pulumi registry, by its ``name`` there and its SDK's ``distribution`` on PyPI."""

    name: str
    distribution: str

    @property
    def version(self) -> str:
        """The version of the SDK, whose types this package serves."""
        return metadata.version(self.distribution)

    @abstractmethod
    def refused(self, inputs: Properties) -> list[Failure]:
        """What is wrong with the provider's inputs."""

    @abstractmethod
    def replaces(self, key: str) -> bool:
        """Whether a change of this input of the provider replaces it and all its resources."""

    @abstractmethod
    def session(self, inputs: Properties, log: Log, cancelled: threading.Event) -> Session:
        """A session under these inputs, whose waits end when ``cancelled`` is set.

        Raises ``PluginError`` on inputs that are refused.
        """
