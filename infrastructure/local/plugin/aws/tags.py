"""Reads and sets tags, which every service spells in its own way."""

from infrastructure.local.plugin.aws.client import AwsClient
from infrastructure.local.plugin.aws.declaration import AwsType, Tagging
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence


def tag_parameters(kind: AwsType, tags: Properties) -> Properties:
    """The parameters of the creating operation that carry ``tags``; empty without any."""
    return {kind.tagging.tags: _encoded(kind.tagging, tags)} if kind.tagging and tags else {}


def read_tags(
    client: AwsClient, kind: AwsType, resource: ResourceState, description: Properties
) -> Properties:
    """The tags of a resource by key, from its description or from the operation that lists them."""
    tagging = kind.tagging
    if tagging is None:
        return {}
    if tagging.list_tags:
        description = client.call(kind.service, tagging.list_tags, _target(tagging, resource))
    return _decoded(next((description[name] for name in ("Tags", "tags") if description.get(name)), None))


def set_tags(client: AwsClient, kind: AwsType, resource: ResourceState, tags: Properties) -> None:
    """Makes ``tags`` all the tags of a resource, whose present ones are in its property ``tagsAll``."""
    tagging = kind.tagging
    if tagging is None:
        return
    present = mapping(resource.get("tagsAll"))
    target = _target(tagging, resource)
    removed: list[Value] = [key for key in present if key not in tags]
    changed = {key: value for key, value in tags.items() if present.get(key) != value}
    if removed:
        client.call(kind.service, tagging.untag, {**target, tagging.keys: removed})
    if changed:
        client.call(kind.service, tagging.tag, {**target, tagging.tags: _encoded(tagging, changed)})


def _target(tagging: Tagging, resource: ResourceState) -> Properties:
    return {tagging.target: resource["arn"] if tagging.target_is == "arn" else resource.id}


def _encoded(tagging: Tagging, tags: Properties) -> Value:
    if tagging.style == "map":
        return tags
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _decoded(tags: Value) -> Properties:
    if isinstance(tags, dict):
        return tags
    pairs = [mapping(pair) for pair in sequence(tags)]
    return {str(pair["Key"]): pair["Value"] for pair in pairs}
