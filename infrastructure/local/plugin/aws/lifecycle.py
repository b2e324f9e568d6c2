"""Creates, reads, updates and deletes resources as their declarations say."""

import json
import threading

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.aws.client import AwsClient
from infrastructure.local.plugin.aws.declaration import AwsType, ReadOperation, UpdateOperation
from infrastructure.local.plugin.aws.tags import read_tags, set_tags, tag_parameters
from infrastructure.local.plugin.errors import AwsError, PluginError
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.shapes import Property, api_name
from infrastructure.local.plugin.translate import decode_all, encode, encode_all
from infrastructure.local.plugin.values import Properties, Value, at_path, is_empty, mapping, sequence


class AwsLifecycle:
    """The lifecycle of one type in one engine run; subclasses override the steps in which a service differs.

    It keeps what a list operation returned before the run created its first resource of the type: only that can be
    left over from an interrupted run.
    """

    def __init__(self, kind: AwsType, client: AwsClient) -> None:
        self.kind = kind
        self.client = client
        self._leftovers: dict[str, list[Properties]] = {}
        self._leftovers_lock = threading.Lock()

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """The id and the properties of a new resource, or of the one that an interrupted run left over."""
        leftover = self.find_leftover(inputs) if self.kind.list_operation else None
        return (leftover, self.adopt(leftover, inputs)) if leftover else self._create(inputs)

    def read(self, resource: ResourceState) -> Properties | None:
        """All properties as they are now; ``None`` when the resource is gone."""
        description = self.describe(resource)
        return None if description is None else self.properties_from(resource, description)

    def update(self, resource: ResourceState, news: Properties, changed: frozenset[str]) -> Properties:
        """Calls the operations that set the ``changed`` inputs; all properties afterwards."""
        for operation in self.kind.updates:
            if names := changed.intersection(operation.properties):
                self.apply(operation, resource, news, names)
        if "tagsAll" in changed and self.kind.tagging:
            set_tags(self.client, self.kind, resource, mapping(news.get("tagsAll")))
        return self.read_back(resource, news)

    def delete(self, resource: ResourceState) -> None:
        """Deletes the resource; does nothing where it is gone already."""
        self.call_existing(self.kind.delete, self.delete_parameters(resource))

    def create_parameters(self, inputs: Properties) -> Properties:
        """The parameters of the creating operation."""
        later = {name for operation in self.kind.updates if operation.after for name in operation.properties}
        names = [name for name in self.kind.inputs if name not in later]
        tags = tag_parameters(self.kind, mapping(inputs.get("tagsAll")))
        return encode_all(self.kind.inputs, inputs, self.kind.naming, names) | tags

    def delete_parameters(self, resource: ResourceState) -> Properties:
        """The parameters of the deleting operation."""
        return self.kind.key(resource)

    def wait_until_ready(self, resource: ResourceState) -> None:
        """Waits until a new or changed resource can be used; returns at once for most types."""

    def find_leftover(self, inputs: Properties) -> str | None:
        """The id of a resource that matches ``inputs`` and existed before this run created any of its type."""
        parent = encode_all(self.kind.inputs, inputs, self.kind.naming, self._parents())
        key = json.dumps(parent)
        with self._leftovers_lock:
            if key not in self._leftovers:
                listed = self.client.list_all(self.kind.service, self.kind.list_operation, "Items", parent)
                self._leftovers[key] = [mapping(item) for item in listed]
            listed_before = self._leftovers[key]
            leftover = next((item for item in listed_before if self._matches(item, inputs)), None)
            if leftover is None:
                return None
            listed_before.remove(leftover)
        return self.kind.id(inputs, leftover)

    def adopt(self, existing_id: str, inputs: Properties) -> Properties:
        """Updates an existing resource to ``inputs`` and says so; all its properties."""
        self.client.log(f"{self.kind.label} {existing_id}: found, made by an earlier run; going on with it")
        return self.repair(existing_id, inputs)

    def repair(self, existing_id: str, inputs: Properties) -> Properties:
        """Updates an existing resource where it is not as ``inputs`` say; all its properties.

        Raises ``PluginError`` where that would take a replacement.
        """
        live = self.read(ResourceState(existing_id, inputs))
        if live is None:
            raise PluginError(f"{existing_id} exists already and cannot be read")
        live_inputs = compare.refreshed_inputs(self.kind.inputs, inputs, live)
        diffs = compare.property_diffs(self.kind.inputs, live_inputs, inputs)
        if replacing := [diff.path for diff in diffs if diff.replaces]:
            raise PluginError(
                f"{existing_id} exists already, with another {', '.join(replacing)}: remove it first"
            )
        changed = compare.top_level_names(diffs) | {"tagsAll"}
        return self.update(ResourceState(existing_id, live), inputs, changed)

    def apply(
        self, operation: UpdateOperation, resource: ResourceState, news: Properties, names: frozenset[str]
    ) -> None:
        """Calls an update operation, of whose properties those with ``names`` changed."""
        if operation.drop and all(is_empty(news.get(name)) for name in operation.properties):
            self.call(operation.drop, self.kind.key(resource))
            return
        if operation.whole:
            parameters = encode_all(self.kind.inputs, news, self.kind.naming, self.kind.inputs)
        else:
            parameters = self._reset(names) | encode_all(self.kind.inputs, news, self.kind.naming, names)
        renamed = {(operation.rename or {}).get(name, name): value for name, value in parameters.items()}
        self.call(operation.put, self.kind.key(resource) | renamed)

    def describe(self, resource: ResourceState) -> Properties | None:
        """The description that the type's reads give, under the API's names; ``None`` when it is gone."""
        description: Properties = {}
        for read in self.kind.reads:
            part = self._read(read, resource)
            if part is None:
                return None
            description |= {read.into: part} if read.into else mapping(part)
        return description

    def read_back(self, resource: ResourceState, inputs: Properties) -> Properties:
        """All properties right after a change to ``inputs``. Raises ``PluginError`` when the resource is gone."""
        description = self.describe(ResourceState(resource.id, {**resource.properties, **inputs}))
        if description is None:
            raise PluginError("it is gone right after it was made or changed")
        return self.properties_from(ResourceState(resource.id, inputs), description)

    def properties_from(self, resource: ResourceState, description: Properties) -> Properties:
        """All properties that ``description`` shows; the values of ``resource`` where they mean the same."""
        properties = self.decode_inputs(description)
        for name, declared in self.kind.inputs.items():
            given, live = resource.properties.get(name), properties.get(name)
            is_hidden = declared.virtual or (declared.required and live is None)
            if given is not None and (is_hidden or compare.is_same(declared, given, live)):
                properties[name] = given
        if self.kind.service != "iam":
            properties["region"] = self.client.region
        for name, path in self.kind.described_outputs.items():
            output = at_path(description, path)
            properties[name] = "" if output is None else output
        so_far = ResourceState(resource.id, properties)
        properties |= {
            name: derive(self.client, so_far, description)
            for name, derive in self.kind.derived_outputs.items()
        }
        if self.kind.tagging:
            properties["tagsAll"] = read_tags(self.client, self.kind, so_far, description)
        return properties

    def decode_inputs(self, description: Properties) -> Properties:
        """The inputs that ``description`` shows, under the schema's names."""
        return decode_all(self.kind.inputs, description, self.kind.naming)

    def call(self, operation: str, parameters: Properties) -> Properties:
        """Calls an operation of the type's service. Raises ``AwsError`` and ``PluginError``."""
        return self.client.call(self.kind.service, operation, parameters)

    def call_existing(self, operation: str, parameters: Properties) -> Properties | None:
        """As ``call``; ``None`` where the answer is that the resource does not exist."""
        try:
            return self.call(operation, parameters)
        except AwsError as error:
            if error.code not in self.kind.missing_codes:
                raise
            return None

    def _create(self, inputs: Properties) -> tuple[str, Properties]:
        try:
            answer = self.call(self.kind.create, self.create_parameters(inputs))
        except AwsError as error:
            if error.code not in self.kind.exists_codes:
                raise
            description = self.describe(ResourceState("", inputs))
            if description is None:
                raise
            existing_id = self.kind.id(inputs, description)
            return existing_id, self.adopt(existing_id, inputs)
        resource = ResourceState(self.kind.id(inputs, answer), inputs)
        if self.kind.upserts:
            return resource.id, self.repair(resource.id, inputs)
        self.wait_until_ready(resource)
        for operation in self.kind.updates:
            names = frozenset(name for name in operation.properties if not is_empty(inputs.get(name)))
            if operation.after and names:
                self.apply(operation, resource, inputs, names)
        return resource.id, self.read_back(resource, inputs)

    def _matches(self, listed: Properties, inputs: Properties) -> bool:
        if self.kind.tagging and mapping(listed.get("Tags")) != mapping(inputs.get("tagsAll")):
            return False
        live, declared = self.decode_inputs(listed), self.kind.inputs
        return all(
            compare.is_same(declared[name], live.get(name), inputs.get(name)) for name in self.kind.match
        )

    def _read(self, read: ReadOperation, resource: ResourceState) -> Value:
        """The part of the description that one operation gives; ``None`` when the resource is gone."""
        answer = self.call_existing(read.operation, (read.key or self.kind.key)(resource))
        part = at_path(answer, read.path)
        if answer is None or not read.where:
            return part
        field, name = read.where
        value = resource.id if name == "id" else resource.get(name)
        items = (item for item in sequence(part) if not isinstance(item, dict) or item.get(field) == value)
        return next(items, None)

    def _parents(self) -> list[str]:
        return [
            name for name, declared in self.kind.inputs.items() if name.endswith("Id") and declared.replaces
        ]

    def _reset(self, names: frozenset[str]) -> Properties:
        """The parameters that make AWS reset the properties with ``names``."""
        empty = {name: _empty_value(self.kind.inputs[name]) for name in names}
        return {
            api_name(name, self.kind.inputs[name], self.kind.naming): encode(
                self.kind.inputs[name], value, self.kind.naming
            )
            for name, value in empty.items()
            if value is not None
        }


def _empty_value(declared: Property) -> Value:
    if declared.default is not None:
        return declared.default
    match declared.kind:
        case "string" | "json":
            return ""
        case "list" | "set":
            return []
        case "map" | "block":
            return {}
        case _:
            return None
