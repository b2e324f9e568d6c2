"""The resources that a stack's state knows, as the engine exports them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi import automation as auto

type Resources = dict[str, dict[str, Any]]
"""The resources of a state by URN."""

ALIAS = "aws:lambda/alias:Alias"
FUNCTION = "aws:lambda/function:Function"

_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:(?P<account>\d{12}):")
"""AWS IAM User Guide: Amazon Resource Names. Those of some services, as of HTTP APIs, name no account."""


def resources_of(exported: auto.Deployment) -> Resources:
    """The resources in an exported state."""
    return {item["urn"]: item for item in (exported.deployment or {}).get("resources") or []}


def of_type(resources: Resources, kind: str) -> Resources:
    """Those of one type, such as ``FUNCTION``, without what an update replaced and has yet to delete."""
    return {urn: item for urn, item in resources.items() if item["type"] == kind and not item.get("delete")}


def accounts(resources: Resources) -> set[str]:
    """The AWS accounts that the resources are in, as their ARNs say."""
    arns = (str((item.get("outputs") or {}).get("arn")) for item in resources.values())
    return {found["account"] for arn in arns if (found := _ARN.match(arn))}


def size(resources: Resources) -> int:
    """How many of the resources are more than the engine's own."""
    return sum(is_in_the_cloud(item["type"]) for item in resources.values())


@dataclass(frozen=True, slots=True)
class Alias:
    """Where an alias points: at a version of a function, whose name in AWS is ``function``."""

    function: str
    version: str


def aliases_in(resources: Resources) -> dict[str, Alias]:
    """The aliases in a state, by the name of the row that their function is made of."""
    return {
        row_of(item): Alias(item["inputs"]["functionName"], str(item["inputs"]["functionVersion"]))
        for item in of_type(resources, ALIAS).values()
    }


def resource_name(urn: str) -> str:
    """The logical name at the end of a URN."""
    return urn.rsplit("::", 1)[-1]


def is_in_the_cloud(type_: str) -> bool:
    """Whether a resource of that type is one, not the engine's own or a group of others."""
    return not type_.startswith(("pulumi:", "psn-emulator:"))


def short_type(token: str) -> str:
    """``aws:lambda/function:Function`` as ``aws:lambda:Function``; a component's type is left as it is."""
    return re.sub(r"/[^:]+", "", token)


def row_of(alias: Mapping[str, Any]) -> str:
    """The name of the row that an alias belongs to, which its component has."""
    return resource_name(alias["parent"])
