"""What the plugin knows of a type of resource, whichever package it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from infrastructure.local.plugin.shapes import Property
from infrastructure.local.plugin.values import Properties, Value, string

type ChangedOutputs = Callable[[frozenset[str], Properties], frozenset[str]]
"""The outputs that an update may change, from the names of the changed inputs and all new inputs."""


@dataclass(frozen=True)
class ResourceState:
    """A resource that exists: its id, and its properties as the engine's state has them."""

    id: str
    properties: Properties

    def __getitem__(self, name: str) -> str:
        """The string property ``name``. Raises ``KeyError`` or ``TypeError`` where it is none."""
        return string(self.properties[name])

    def get(self, name: str) -> Value:
        """The property ``name``; ``None`` when the state has none."""
        return self.properties.get(name)


def no_outputs(_changed: frozenset[str], _news: Properties) -> frozenset[str]:
    """The ``ChangedOutputs`` of most types: an update changes no output."""
    return frozenset()


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """The engine's side of a type.

    ``name``                its name in the Pulumi schema, ``aws:ecr/repository:Repository``.
    ``label``               its name in messages.
    ``inputs``              the declarations of its inputs.
    ``identity``            the inputs that make its name in AWS: a replacement that keeps them is created only
                            after the old resource is deleted.
    ``outputs_changed_by``  the outputs that an update may change, which a preview shows as unknown.
    """

    name: str
    label: str
    inputs: Mapping[str, Property]
    identity: tuple[str, ...] = ()
    outputs_changed_by: ChangedOutputs = no_outputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """The properties that a resource has besides its inputs."""
        raise TypeError(f"{type(self).__name__} does not say what its outputs are")


class Lifecycle(Protocol):
    """The operations on the resources of one type. They raise ``PluginError``."""

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Creates a resource, or adopts the one that an interrupted run created; its id and all its properties."""

    def read(self, resource: ResourceState) -> Properties | None:
        """All properties of a resource as they are now; ``None`` when it is gone."""

    def update(self, resource: ResourceState, news: Properties, changed: frozenset[str]) -> Properties:
        """Changes a resource to the inputs ``news``, of which those named ``changed`` differ; all its properties."""

    def delete(self, resource: ResourceState) -> None:
        """Deletes a resource; does nothing where it is gone already."""
