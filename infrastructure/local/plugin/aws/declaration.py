"""How the operations of an API make, show, change and remove the resources of a type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from infrastructure.local.plugin.resource_type import Physical, ResourceType
from infrastructure.local.plugin.shapes import Naming, Property, pascal, table
from infrastructure.local.plugin.values import Properties, Value

if TYPE_CHECKING:
    from infrastructure.local.plugin.aws.cloud import Cloud

type Derive = Callable[["Cloud", Physical, Properties], Value]
"""An output from the place, the resource (its properties as far as they are found) and its description."""

type Key = Callable[[Physical], Properties]
"""The parameters by which an operation knows which resource it is about."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One reading operation.

    ``path``   where in its answer the description is; it may lead to a list.
    ``where``  the field by which the resource is found in that list, and whether by its id or by this property.
    ``into``   the name under which the description is put; merged with the other looks' when empty.
    ``key``    the parameters, where they are not the type's own.
    """

    operation: str
    path: str = ""
    where: tuple[str, str] | None = None
    into: str = ""
    key: Key | None = None


@dataclass(frozen=True, kw_only=True)
class Aspect:
    """Properties that an operation of their own sets.

    ``drop``    the operation for when none of them is given any more; else ``put`` gets their defaults.
    ``after``   creation does not take them, so ``put`` follows it.
    ``whole``   ``put`` takes all properties of the type, and forgets those it does not get.
    ``rename``  names that ``put`` has for what other operations call otherwise.
    """

    properties: tuple[str, ...]
    put: str
    drop: str | None = None
    after: bool = False
    whole: bool = False
    rename: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """How a service tags: operation names and the spelling of their parameters.

    ``style``  tags are an object (``map``) or a list of ``Key`` and ``Value`` (``pairs``).
    ``of``     what names the resource: its ``arn`` or its ``id``.
    ``look``   the operation that lists the tags, where the description does not have them.
    """

    style: Literal["map", "pairs"]
    target: str
    of: Literal["arn", "id"]
    tags: str = "Tags"
    keys: str = "TagKeys"
    tag: str = "tag_resource"
    untag: str = "untag_resource"
    look: str | None = None


@dataclass(frozen=True, kw_only=True)
class AwsType(ResourceType):
    """The local AWS's side of a type.

    ``service``   the SDK's name of the service.
    ``naming``    how the API writes names.
    ``create``    the operation that makes a resource.
    ``id``        its id, from the inputs and that operation's answer (or a description).
    ``key``       its parameters for all other operations.
    ``looks``     what describes it.
    ``found``     outputs by their path in the description.
    ``derived``   outputs that follow from the others, the region and the account.
    ``delete``    the operation that removes it, and what of the state it takes besides the key.
    ``existing``  error codes that say that there is one already: it is adopted.
    ``upserts``   the creating operation is content with one that is there, and may leave parts of it as they are.
    ``search``    the listing that is asked for one before making another, where the API would make a second.
    ``match``     the inputs in which a resource in that listing has to agree to be this one, tags included.
    ``missing``   error codes that say that there is none.
    """

    service: str
    create: str
    id: Callable[[Properties, Properties], str]
    key: Key
    delete: str = ""
    looks: tuple[Look, ...] = ()
    naming: Naming = pascal
    found: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, Derive] = field(default_factory=dict)
    aspects: tuple[Aspect, ...] = ()
    tagging: Tagging | None = None
    existing: tuple[str, ...] = ()
    upserts: bool = False
    search: str = ""
    match: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("ResourceNotFoundException", "NotFoundException")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Found and derived ones, and those that nearly every type of the package has."""
        region = () if self.service == "iam" else ("region",)
        return (*self.found, *self.derived, *region, *(("tagsAll",) if self.tagging else ()))


TAGS: Property = table(virtual=True)
"""The input ``tags``: a service's tagging operations, not its others, carry it."""
