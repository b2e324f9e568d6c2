"""The resources that a stack's state knows, as the engine exports them."""

import re
from typing import Any

from pulumi import automation as auto

from infrastructure.changes import is_in_the_cloud

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
