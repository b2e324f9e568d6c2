"""What the plugin knows about one type of resource, whichever package it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from infrastructure.local.plugin.shapes import Property
from infrastructure.local.plugin.values import Properties, Value, text

type Unsettled = Callable[[frozenset[str], Properties], frozenset[str]]


@dataclass(frozen=True)
class Physical:
    """A resource that exists: its id, and its properties as the engine's state has them."""

    id: str
    properties: Properties

    def __getitem__(self, name: str) -> str:
        """The string property ``name``."""
        return text(self.properties[name])

    def get(self, name: str) -> Value:
        """The property ``name``; ``None`` when the state has none."""
        return self.properties.get(name)


def nothing_unsettled(_changed: frozenset[str], _news: Properties) -> frozenset[str]:
    """The outputs of most types stay what they are when inputs change."""
    return frozenset()


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """The engine's side of a type.

    ``name``       its name in the Pulumi schema, ``aws:ecr/repository:Repository``.
    ``label``      its name in messages.
    ``inputs``     what a program may say about it.
    ``identity``   the inputs that make its physical name: a replacement with the same ones can only come after
                   the deletion.
    ``unsettled``  the outputs that an update of the given inputs may change, for previews.
    """

    name: str
    label: str
    inputs: Mapping[str, Property]
    identity: tuple[str, ...] = ()
    unsettled: Unsettled = nothing_unsettled

    @property
    def outputs(self) -> tuple[str, ...]:
        """The properties that a resource has besides its inputs."""
        raise TypeError(f"{type(self).__name__} does not say what it answers")


class Lifecycle(Protocol):
    """What can be done with the resources of one type."""

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Makes a resource, or adopts the one that a cut-off run made: its id and all its properties."""

    def read(self, physical: Physical) -> Properties | None:
        """All properties of a resource as they are now; ``None`` when it is gone."""

    def update(self, physical: Physical, news: Properties, changed: frozenset[str]) -> Properties:
        """Makes a resource what ``news`` says, which differs in the inputs ``changed``: its properties."""

    def delete(self, physical: Physical) -> None:
        """Removes a resource; one that is gone already is no error."""
