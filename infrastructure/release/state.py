"""What the engine's state says of a stack: the resources that it has made, and what they are known to be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

type Resources = dict[str, dict[str, Any]]
"""Resources of a state by URN, each as the engine exports it: ``type``, ``inputs``, ``outputs``, ``parent``, …"""

STACK = "pulumi:pulumi:Stack"
"""The type of the stack itself, among the resources of its state."""
ALIAS = "aws:lambda/alias:Alias"
FUNCTION = "aws:lambda/function:Function"
IMAGE = "docker:index/image:Image"
"""The type of the one image that a stack has."""
ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"
SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type of resource
TABLE = "aws:dynamodb/table:Table"

_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:(?P<account>\d{12}):")
"""AWS IAM User Guide: Amazon Resource Names. Those of some services, as of HTTP APIs, name no account."""


@dataclass(frozen=True, slots=True)
class Alias:
    """Where an alias points: at a version of a function, whose name in AWS is ``function``."""

    function: str
    version: str


@dataclass(frozen=True, slots=True)
class DeployedFunction:
    """A function, read from its ``resource`` in a state."""

    resource: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of its ``FunctionSpec``."""
        return spec_name(self.resource)

    @property
    def aws_name(self) -> str:
        """Its name in AWS."""
        return str(self.resource["inputs"]["name"])

    @property
    def version(self) -> int:
        """The version that was published last."""
        return int(self.resource["outputs"]["version"])

    @property
    def last_modified(self) -> str:
        """When it was changed last, as Lambda writes it."""
        return str(self.resource["outputs"]["lastModified"])

    @property
    def variables(self) -> Mapping[str, str]:
        """Its environment variables."""
        variables: Mapping[str, str] = self.resource["inputs"]["environment"]["variables"]
        return variables


@dataclass(frozen=True, slots=True)
class StackState:
    """The state of a stack: its ``resources``, in the order of their dependencies. Where ``pending``, an update was cut
    off while operations were under way, of which the resources tell nothing."""

    resources: Resources = field(default_factory=dict)
    pending: bool = False

    @classmethod
    def from_deployment(cls, deployment: Mapping[str, Any] | None) -> Self:
        """The state in what ``pulumi stack export`` writes under ``deployment``."""
        exported = deployment or {}
        resources = {item["urn"]: item for item in exported.get("resources") or []}
        return cls(resources, bool(exported.get("pending_operations")))

    def of_type(self, type_: str) -> Resources:
        """The resources of one type, such as ``FUNCTION``, without those that an update replaced and has yet to
        delete."""
        return {
            urn: item
            for urn, item in self.resources.items()
            if item["type"] == type_ and not item.get("delete")
        }

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The stack's outputs by name; empty before its first update."""
        stack = next(iter(self.of_type(STACK).values()), {})
        return stack.get("outputs") or {}

    @property
    def lost_table(self) -> str | None:
        """The name of the table that the last update left and that is there no more; ``None`` where there is none."""
        name = self.outputs.get("table_name")
        return str(name) if name and not self.of_type(TABLE) else None

    @property
    def functions(self) -> list[DeployedFunction]:
        """The functions."""
        return [DeployedFunction(item) for item in self.of_type(FUNCTION).values()]

    @property
    def aliases(self) -> dict[str, Alias]:
        """The aliases by the names of their functions' specs."""
        return {
            spec_name(item): Alias(item["inputs"]["functionName"], str(item["inputs"]["functionVersion"]))
            for item in self.of_type(ALIAS).values()
        }

    @property
    def accounts(self) -> set[str]:
        """The AWS accounts that the resources are in, as their ARNs say."""
        arns = (str((item.get("outputs") or {}).get("arn")) for item in self.resources.values())
        return {match["account"] for arn in arns if (match := _ARN.match(arn))}

    @property
    def size(self) -> int:
        """How many of the resources are more than the engine's own."""
        return sum(is_in_the_cloud(item["type"]) for item in self.resources.values())


def spec_name(resource: Mapping[str, Any]) -> str:
    """The name of the ``FunctionSpec`` that a resource is made of: that of the component it is in."""
    return resource_name(resource["parent"])


def resource_name(urn: str) -> str:
    """The logical name at the end of a URN."""
    return urn.rsplit("::", 1)[-1]


def is_in_the_cloud(type_: str) -> bool:
    """Whether a resource of that type is one, not the engine's own or a group of others."""
    return not type_.startswith(("pulumi:", "psn-emulator:"))


def short_type(token: str) -> str:
    """``aws:lambda/function:Function`` as ``aws:lambda:Function``; a component's type is left as it is."""
    return re.sub(r"/[^:]+", "", token)
