"""The resources that a stack's state knows, as the engine exports them."""

from typing import Any

from pulumi import automation as auto

from infrastructure.changes import is_in_the_cloud

type Resources = dict[str, dict[str, Any]]
"""The resources of a state by URN."""

ALIAS = "aws:lambda/alias:Alias"
FUNCTION = "aws:lambda/function:Function"


def resources_of(exported: auto.Deployment) -> Resources:
    """The resources in an exported state."""
    return {item["urn"]: item for item in (exported.deployment or {}).get("resources") or []}


def of_type(resources: Resources, kind: str) -> Resources:
    """Those of one type, such as ``FUNCTION``, without what an update replaced and has yet to delete."""
    return {urn: item for urn, item in resources.items() if item["type"] == kind and not item.get("delete")}


def size(resources: Resources) -> int:
    """How many of the resources are more than the engine's own."""
    return sum(is_in_the_cloud(item["type"]) for item in resources.values())
