"""Tags, which every service spells in its own way."""

from infrastructure.local.plugin.aws.cloud import Cloud
from infrastructure.local.plugin.aws.declaration import AwsType, Tagging
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.values import Properties, Value, mapping, sequence


def tag_parameters(kind: AwsType, tags: Properties) -> Properties:
    """The parameters of a creating operation that carry ``tags``; none when there are none."""
    return {kind.tagging.tags: _written(kind.tagging, tags)} if kind.tagging and tags else {}


def listed_tags(cloud: Cloud, kind: AwsType, physical: Physical, description: Properties) -> Properties:
    """The tags that a resource has, from its description or by asking."""
    tagging = kind.tagging
    if tagging is None:
        return {}
    if tagging.look:
        description = cloud.call(kind.service, tagging.look, _target(tagging, physical))
    return _read(next((description[name] for name in ("Tags", "tags") if description.get(name)), None))


def retag(cloud: Cloud, kind: AwsType, physical: Physical, wanted: Properties) -> None:
    """Makes ``wanted`` the tags of a resource whose present ones are in its property ``tagsAll``."""
    tagging = kind.tagging
    if tagging is None:
        return
    present = mapping(physical.get("tagsAll"))
    target = _target(tagging, physical)
    gone: list[Value] = [key for key in present if key not in wanted]
    new = {key: value for key, value in wanted.items() if present.get(key) != value}
    if gone:
        cloud.call(kind.service, tagging.untag, {**target, tagging.keys: gone})
    if new:
        cloud.call(kind.service, tagging.tag, {**target, tagging.tags: _written(tagging, new)})


def _target(tagging: Tagging, physical: Physical) -> Properties:
    return {tagging.target: physical["arn"] if tagging.of == "arn" else physical.id}


def _written(tagging: Tagging, tags: Properties) -> Value:
    if tagging.style == "map":
        return tags
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _read(tags: Value) -> Properties:
    if isinstance(tags, dict):
        return tags
    pairs = [mapping(pair) for pair in sequence(tags)]
    return {str(pair["Key"]): pair["Value"] for pair in pairs}
