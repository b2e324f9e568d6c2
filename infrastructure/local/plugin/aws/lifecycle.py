"""Making, reading, changing and removing resources as their declarations say."""

import json
import threading

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.aws.cloud import Cloud
from infrastructure.local.plugin.aws.declaration import Aspect, AwsType, Look
from infrastructure.local.plugin.aws.tags import listed_tags, retag, tag_parameters
from infrastructure.local.plugin.errors import AwsError, PluginError
from infrastructure.local.plugin.resource_type import Physical
from infrastructure.local.plugin.shapes import Property, api_name
from infrastructure.local.plugin.translate import decode_all, encode, encode_all
from infrastructure.local.plugin.values import Properties, Value, at_path, is_empty, mapping, sequence


class AwsLifecycle:
    """The lifecycle of one type in one engine run; subclasses replace the steps in which a service is unlike others.

    It remembers what was there when the run made its first resource of the type: that may have been left behind,
    what came later was not.
    """

    def __init__(self, kind: AwsType, cloud: Cloud) -> None:
        self.kind = kind
        self.cloud = cloud
        self._found_first: dict[str, list[Properties]] = {}
        self._looking = threading.Lock()

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Makes a resource; adopts the one that is there already, which a cut-off run left behind."""
        left = self.left_behind(inputs) if self.kind.search else None
        return (left, self.adopt(left, inputs)) if left else self._created(inputs)

    def read(self, physical: Physical) -> Properties | None:
        """All properties as they are now; ``None`` when the resource is gone."""
        description = self.describe(physical)
        return None if description is None else self.shown(physical, description)

    def update(self, physical: Physical, news: Properties, changed: frozenset[str]) -> Properties:
        """Calls the operations that set the ``changed`` inputs."""
        for aspect in self.kind.aspects:
            if touched := changed.intersection(aspect.properties):
                self.put(aspect, physical, news, touched)
        if "tagsAll" in changed and self.kind.tagging:
            retag(self.cloud, self.kind, physical, mapping(news.get("tagsAll")))
        return self.properties(physical, news)

    def delete(self, physical: Physical) -> None:
        """Removes the resource; one that is gone already is no error."""
        try:
            self.call(self.kind.delete, self.removal(physical))
        except AwsError as refused:
            if refused.code not in self.kind.missing:
                raise

    def creation(self, inputs: Properties) -> Properties:
        """The parameters of the creating operation."""
        later = {name for aspect in self.kind.aspects if aspect.after for name in aspect.properties}
        now = [name for name in self.kind.inputs if name not in later]
        tags = tag_parameters(self.kind, mapping(inputs.get("tagsAll")))
        return encode_all(self.kind.inputs, inputs, self.kind.naming, now) | tags

    def removal(self, physical: Physical) -> Properties:
        """The parameters of the removing operation."""
        return self.kind.key(physical)

    def settle(self, physical: Physical) -> None:
        """Waits until a new or changed resource can be used; most can be at once."""

    def left_behind(self, inputs: Properties) -> str | None:
        """The id of a resource that is as ``inputs`` say and was there before this run made any of its type."""
        parent = encode_all(self.kind.inputs, inputs, self.kind.naming, self._parents())
        key = json.dumps(parent)
        with self._looking:
            if key not in self._found_first:
                listed = self.cloud.every(self.kind.service, self.kind.search, "Items", parent)
                self._found_first[key] = [mapping(item) for item in listed]
            there = self._found_first[key]
            left = next((found for found in there if self._agrees(found, inputs)), None)
            if left is None:
                return None
            there.remove(left)
        return self.kind.id(inputs, left)

    def adopt(self, there: str, inputs: Properties) -> Properties:
        """Makes the resource that is ``there`` what ``inputs`` say: its properties."""
        self.cloud.log(f"{self.kind.label} {there}: found, made by an earlier run; going on with it")
        return self.repair(there, inputs)

    def repair(self, there: str, inputs: Properties) -> Properties:
        """Changes what of the resource that is ``there`` is not as ``inputs`` say: its properties."""
        live = self.read(Physical(there, inputs))
        if live is None:
            raise PluginError(f"{there} exists already and cannot be read")
        described = compare.refreshed(self.kind.inputs, inputs, live)
        wrong = compare.changes(self.kind.inputs, described, inputs)
        if fixed := [change.path for change in wrong if change.replaces]:
            raise PluginError(f"{there} exists already, with another {', '.join(fixed)}: remove it first")
        changed = frozenset(change.path.split(".")[0].split("[")[0] for change in wrong)
        return self.update(Physical(there, live), inputs, changed | {"tagsAll"})

    def put(self, aspect: Aspect, physical: Physical, news: Properties, touched: frozenset[str]) -> None:
        """Sets the ``touched`` properties of one aspect."""
        if aspect.drop and all(is_empty(news.get(name)) for name in aspect.properties):
            self.call(aspect.drop, self.kind.key(physical))
            return
        if aspect.whole:
            parameters = encode_all(self.kind.inputs, news, self.kind.naming, self.kind.inputs)
        else:
            parameters = self._reset(touched) | encode_all(self.kind.inputs, news, self.kind.naming, touched)
        renamed = {(aspect.rename or {}).get(name, name): value for name, value in parameters.items()}
        self.call(aspect.put, self.kind.key(physical) | renamed)

    def describe(self, physical: Physical) -> Properties | None:
        """What the type's looks find, under the API's names; ``None`` when the resource is not there."""
        found: Properties = {}
        for look in self.kind.looks:
            try:
                seen = self._seen(look, physical)
            except AwsError as refused:
                if refused.code not in self.kind.missing:
                    raise
                return None
            if seen is None:
                return None
            found |= {look.into: seen} if look.into else mapping(seen)
        return found

    def properties(self, physical: Physical, given: Properties) -> Properties:
        """All properties after a change to what is ``given``."""
        description = self.describe(Physical(physical.id, {**physical.properties, **given}))
        if description is None:
            raise PluginError("it is gone right after it was made or changed")
        return self.shown(Physical(physical.id, given), description)

    def shown(self, physical: Physical, description: Properties) -> Properties:
        """The properties in ``description``, those that the state has too in the state's own writing."""
        given = physical.properties
        live = self.decoded(description)
        for name, each in self.kind.inputs.items():
            kept, seen = given.get(name), live.get(name)
            unseen = each.virtual or (each.required and seen is None)
            if kept is not None and (unseen or compare.same(each, kept, seen)):
                live[name] = kept
        if self.kind.service != "iam":
            live["region"] = self.cloud.region
        for name, path in self.kind.found.items():
            seen = at_path(description, path)
            live[name] = "" if seen is None else seen
        here = Physical(physical.id, live)  # sees what is added
        live |= {name: derive(self.cloud, here, description) for name, derive in self.kind.derived.items()}
        if self.kind.tagging:
            live["tagsAll"] = listed_tags(self.cloud, self.kind, here, description)
        return live

    def decoded(self, description: Properties) -> Properties:
        """The inputs that ``description`` shows, under the schema's names."""
        return decode_all(self.kind.inputs, description, self.kind.naming)

    def call(self, operation: str, parameters: Properties) -> Properties:
        """One operation of the type's service."""
        return self.cloud.call(self.kind.service, operation, parameters)

    def _created(self, inputs: Properties) -> tuple[str, Properties]:
        try:
            answer = self.call(self.kind.create, self.creation(inputs))
        except AwsError as refused:
            if refused.code not in self.kind.existing:
                raise
            description = self.describe(Physical("", inputs))
            if description is None:
                raise
            there = self.kind.id(inputs, description)
            return there, self.adopt(there, inputs)
        made = Physical(self.kind.id(inputs, answer), inputs)
        if self.kind.upserts:
            return made.id, self.repair(made.id, inputs)
        self.settle(made)
        for aspect in self.kind.aspects:
            given = frozenset(name for name in aspect.properties if not is_empty(inputs.get(name)))
            if aspect.after and given:
                self.put(aspect, made, inputs, given)
        return made.id, self.properties(made, inputs)

    def _agrees(self, found: Properties, inputs: Properties) -> bool:
        live = self.decoded(found)
        declared = self.kind.inputs
        if self.kind.tagging and mapping(found.get("Tags")) != mapping(inputs.get("tagsAll")):
            return False
        return all(compare.same(declared[name], live.get(name), inputs.get(name)) for name in self.kind.match)

    def _seen(self, look: Look, physical: Physical) -> Value:
        parameters = (look.key or self.kind.key)(physical)
        seen = at_path(self.call(look.operation, parameters), look.path)
        if not look.where:
            return seen
        field, by = look.where
        wanted = physical.id if by == "id" else physical.get(by)
        found = [each for each in sequence(seen) if not isinstance(each, dict) or each.get(field) == wanted]
        return found[0] if found else None

    def _parents(self) -> list[str]:
        return [name for name, each in self.kind.inputs.items() if name.endswith("Id") and each.replaces]

    def _reset(self, touched: frozenset[str]) -> Properties:
        """What makes AWS forget each of the ``touched`` properties."""
        empty = {name: _emptied(self.kind.inputs[name]) for name in touched}
        return {
            api_name(name, self.kind.inputs[name], self.kind.naming): encode(
                self.kind.inputs[name], value, self.kind.naming
            )
            for name, value in empty.items()
            if value is not None
        }


def _emptied(declared: Property) -> Value:
    if declared.default is not None:
        return declared.default
    match declared.kind:
        case "text" | "document":
            return ""
        case "list" | "set":
            return []
        case "map" | "block":
            return {}
        case _:
            return None
