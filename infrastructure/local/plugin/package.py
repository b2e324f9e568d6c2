"""What a package of resource types offers to the provider protocol."""

import threading
from abc import ABC, abstractmethod
from importlib import metadata
from typing import Protocol

from infrastructure.local.plugin.checks import CheckFailure
from infrastructure.local.plugin.provider import Provider
from infrastructure.local.plugin.values import Properties


class Log(Protocol):
    """Takes lines for the person who runs the deploy."""

    def __call__(self, line: str, *, ephemeral: bool = False) -> None:
        """Logs ``line``; an ``ephemeral`` one is shown only until the next."""


class Package(ABC):
    """A package of the Pulumi registry: its ``name`` there, and its SDK's ``distribution`` on PyPI."""

    name: str
    distribution: str

    @property
    def version(self) -> str:
        """The version of the installed SDK, whose types this package serves."""
        return metadata.version(self.distribution)

    @abstractmethod
    def check_configuration(self, inputs: Properties) -> list[CheckFailure]:
        """The failures of a provider's inputs."""

    @abstractmethod
    def replaces(self, key: str) -> bool:
        """Whether a change of this provider input replaces the provider and all its resources."""

    @abstractmethod
    def configure(self, inputs: Properties, log: Log, cancelled: threading.Event) -> Provider:
        """The provider with these inputs, whose waits end when ``cancelled`` is set.

        Raises ``PluginError`` for inputs that ``check_configuration`` refuses.
        """
