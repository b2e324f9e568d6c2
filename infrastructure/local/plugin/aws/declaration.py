"""Declares how the operations of an API create, read, update and delete the resources of a type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from infrastructure.local.plugin.resource_type import ResourceState, ResourceType
from infrastructure.local.plugin.shapes import Naming, Property, pascal, string_map
from infrastructure.local.plugin.values import Properties, Value

if TYPE_CHECKING:
    from infrastructure.local.plugin.aws.client import AwsClient

type DerivedOutput = Callable[["AwsClient", ResourceState, Properties], Value]
"""An output made of the region and account, the resource (with the outputs before it) and its description."""

type Key = Callable[[ResourceState], Properties]
"""The parameters by which an operation knows the resource."""


@dataclass(frozen=True, kw_only=True)
class ReadOperation:
    """An operation that describes a resource.

    ``path``   where in its answer the description is; it may lead to a list.
    ``where``  how the resource is found in that list: the field, and the property (or ``id``) that it equals.
    ``into``   the field of the whole description that this one becomes; empty to merge it with the others'.
    ``key``    its parameters, where they are not the type's own.
    """

    operation: str
    path: str = ""
    where: tuple[str, str] | None = None
    into: str = ""
    key: Key | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateOperation:
    """An operation, ``put``, that sets some properties.

    ``drop``    the operation for when none of them is set any more; without one, ``put`` gets their defaults.
    ``after``   the creating operation does not take them, so ``put`` follows it.
    ``whole``   ``put`` takes all properties of the type, and resets those that it does not get.
    ``rename``  ``put``'s names for what other operations call otherwise.
    """

    properties: tuple[str, ...]
    put: str
    drop: str | None = None
    after: bool = False
    whole: bool = False
    rename: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """How a service tags: its operations and the names of their parameters.

    ``style``      tags are an object (``map``) or a list of ``Key`` and ``Value`` (``pairs``).
    ``target``     the parameter that names the resource, and ``target_is`` what it takes.
    ``list_tags``  the operation that lists the tags, where the description does not have them.
    """

    style: Literal["map", "pairs"]
    target: str
    target_is: Literal["arn", "id"]
    tags: str = "Tags"
    keys: str = "TagKeys"
    tag: str = "tag_resource"
    untag: str = "untag_resource"
    list_tags: str | None = None


@dataclass(frozen=True, kw_only=True)
class AwsType(ResourceType):
    """The API's side of a type.

    ``service``            the SDK's name of the service.
    ``naming``             how the API writes names.
    ``create``             the creating operation.
    ``id``                 the id, from the inputs and that operation's answer (or a description).
    ``key``                the parameters that name the resource in all other operations.
    ``reads``              the operations whose answers make up the description.
    ``described_outputs``  outputs, by their path in the description.
    ``derived_outputs``    outputs that follow from others.
    ``updates``            the operations that change it.
    ``delete``             the deleting operation.
    ``exists_codes``       error codes of ``create`` that mean that the resource exists: it is adopted.
    ``upserts``            ``create`` accepts an existing resource, and may leave parts of it as they are.
    ``list_operation``     lists resources before one is created, where ``create`` would make a second one.
    ``match``              the inputs in which a listed resource has to agree to be adopted, beside the tags.
    ``missing_codes``      error codes that mean that the resource does not exist.
    """

    service: str
    create: str
    id: Callable[[Properties, Properties], str]
    key: Key
    delete: str = ""
    reads: tuple[ReadOperation, ...] = ()
    naming: Naming = pascal
    described_outputs: Mapping[str, str] = field(default_factory=dict)
    derived_outputs: Mapping[str, DerivedOutput] = field(default_factory=dict)
    updates: tuple[UpdateOperation, ...] = ()
    tagging: Tagging | None = None
    exists_codes: tuple[str, ...] = ()
    upserts: bool = False
    list_operation: str = ""
    match: tuple[str, ...] = ()
    missing_codes: tuple[str, ...] = ("ResourceNotFoundException", "NotFoundException")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The described and derived ones, and those of nearly every type: ``region`` and ``tagsAll``."""
        region = () if self.service == "iam" else ("region",)
        tags_all = ("tagsAll",) if self.tagging else ()
        return (*self.described_outputs, *self.derived_outputs, *region, *tags_all)


TAGS: Property = string_map(virtual=True)
"""The input ``tags``, which a service's tagging operations take."""
