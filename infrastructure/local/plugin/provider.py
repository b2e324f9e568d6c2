"""A configured provider: the operations that the engine asks for, on plain values.

AWS and Docker are called only where a resource is created, read, updated or deleted: an unchanged one costs a
comparison of its inputs.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.checks import CheckFailure, check_inputs
from infrastructure.local.plugin.compare import PropertyDiff
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.resource_type import Lifecycle, ResourceState, ResourceType
from infrastructure.local.plugin.shapes import Property
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, mapping, without_provider_defaults

_TAGS_ALL: Final = Property(kind="map", item=Property(kind="string"))
"""The output ``tagsAll``, which holds a resource's own tags and the provider's default ones."""

_NAMING_INPUTS: Final = ("name", "imageName", "routeKey", "functionName", "secretId", "integrationUri")
"""Inputs, the best first, by which a message names a resource that has no id yet."""


@dataclass(frozen=True)
class ResourceDiff:
    """What an update would change, and whether a replacement has to delete the old resource first."""

    properties: list[PropertyDiff]
    delete_before_replace: bool


@dataclass(frozen=True)
class RefreshedResource:
    """A resource as a refresh found it: all its properties, and the inputs that describe it."""

    properties: Properties
    inputs: Properties


class Provider:
    """The provider as one engine run configured it.

    ``types`` are the supported types by name, ``lifecycle`` gives the operations of one. ``check`` adds failures of
    its own to those of the declarations, ``complete`` fills in inputs that passed.

    A class because it remembers what the run created: the engine may then ask to delete the same thing under
    another name (a renamed resource) or as the old half of a replacement, and it has to stay.
    """

    def __init__(
        self,
        types: Mapping[str, ResourceType],
        lifecycle: Callable[[ResourceType], Lifecycle],
        default_tags: Properties | None = None,
        check: Callable[[ResourceType, Properties], Iterable[CheckFailure]] = lambda _kind, _inputs: (),
        complete: Callable[[Properties], Properties] = lambda inputs: inputs,
    ) -> None:
        self._types = types
        self._lifecycle = lifecycle
        self._default_tags = default_tags or {}
        self._check = check
        self._complete = complete
        self._created: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def check(
        self, token: str, inputs: Properties, olds: Properties, name: str, seed: bytes
    ) -> tuple[Properties, list[CheckFailure]]:
        """The inputs with generated ones filled in, and their failures.

        A physical name is that of the old inputs ``olds``, else ``name`` and 7 digits of the engine's random ``seed``.
        """
        kind = self._type(token)
        checked = dict(inputs)
        for key, declared in kind.inputs.items():
            if declared.autoname and inputs.get(key) is None:
                checked[key] = olds.get(key) or f"{name}-{seed.hex()[:7]}"
        failures = [*check_inputs(kind.inputs, checked), *self._check(kind, checked)]
        return checked if failures else self._complete(checked), failures

    def diff(self, token: str, old_inputs: Properties, olds: Properties, news: Properties) -> ResourceDiff:
        """How the inputs ``news`` differ from ``old_inputs``; ``olds`` are all properties of the state."""
        kind = self._type(token)
        before, after = without_provider_defaults(old_inputs), without_provider_defaults(news)
        diffs = compare.property_diffs(kind.inputs, before, after)
        if not diffs and "tags" in kind.inputs and olds.get("tagsAll", {}) != self._all_tags(after):
            diffs = [PropertyDiff("tagsAll", "update", replaces=False)]
        keeps_name = all(
            compare.is_same(kind.inputs[key], before.get(key), after.get(key)) for key in kind.identity
        )
        return ResourceDiff(diffs, delete_before_replace=bool(kind.identity) and keeps_name)

    def create(self, token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """The id (empty in a preview) and all properties of a new resource."""
        kind = self._type(token)
        inputs = self._with_all_tags(kind, inputs)
        if preview:
            return "", {**dict.fromkeys(kind.outputs, UNKNOWN), **_defaults(kind.inputs), **inputs}
        with _naming("creating", kind, _name(kind, inputs)):
            new_id, properties = self._lifecycle(kind).create(inputs)
        with self._lock:
            self._created.add(_identity(kind, new_id, properties))
        return new_id, properties

    def read(self, token: str, resource: ResourceState, inputs: Properties) -> RefreshedResource | None:
        """The resource as it is now; ``None`` when it is gone."""
        kind = self._type(token)
        if not resource.properties:
            raise PluginError(f"{kind.label} {resource.id}: the stand-in plugin cannot import resources")
        given = without_provider_defaults(inputs)
        with _naming("reading", kind, resource.id):
            live = self._lifecycle(kind).read(resource)
        if live is None:
            return None
        refreshed = compare.refreshed_inputs(kind.inputs, given, live)
        if "tags" in kind.inputs:
            tags = self._own_tags(given, live)
            live, refreshed = {**live, **tags}, {**refreshed, **tags}
        return RefreshedResource(live, refreshed)

    def update(
        self, token: str, resource: ResourceState, old_inputs: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        """All properties of the resource with the inputs ``news``."""
        kind = self._type(token)
        inputs = self._with_all_tags(kind, without_provider_defaults(news))
        before = {**without_provider_defaults(old_inputs), "tagsAll": resource.get("tagsAll")}
        diffs = compare.property_diffs({**kind.inputs, "tagsAll": _TAGS_ALL}, before, inputs)
        changed = compare.top_level_names(diffs)
        if not preview:
            with _naming("updating", kind, resource.id):
                return self._lifecycle(kind).update(resource, inputs, changed)
        unchanged = {name: value for name, value in resource.properties.items() if name not in changed}
        unknown = dict.fromkeys(kind.outputs_changed_by(changed, inputs), UNKNOWN)
        return {**unchanged, **_defaults(kind.inputs, changed), **inputs, **unknown}

    def delete(self, token: str, resource: ResourceState) -> bool:
        """Deletes the resource; does nothing and returns ``False`` where this run created or adopted it."""
        kind = self._type(token)
        with self._lock:
            if _identity(kind, resource.id, resource.properties) in self._created:
                return False
        with _naming("deleting", kind, resource.id):
            self._lifecycle(kind).delete(resource)
        return True

    def _type(self, token: str) -> ResourceType:
        if token not in self._types:
            known = ", ".join(sorted(self._types))
            raise PluginError(f"{token} is not supported by the stand-in plugin, which knows {known}")
        return self._types[token]

    def _with_all_tags(self, kind: ResourceType, inputs: Properties) -> Properties:
        if "tags" not in kind.inputs:
            return dict(inputs)
        return {**inputs, "tagsAll": self._all_tags(inputs)}

    def _all_tags(self, inputs: Properties) -> Value:
        own = inputs.get("tags")
        return own if own is UNKNOWN else {**self._default_tags, **mapping(own)}

    def _own_tags(self, given: Properties, live: Properties) -> Properties:
        """The input ``tags`` that leads to the live tags; nothing where none is needed."""
        given_tags = mapping(given.get("tags"))
        own = {
            key: value
            for key, value in mapping(live.get("tagsAll")).items()
            if key in given_tags or self._default_tags.get(key) != value
        }
        return {"tags": own} if own or "tags" in given else {}


@contextmanager
def _naming(action: str, kind: ResourceType, name: str) -> Iterator[None]:
    """Adds to a failure what was being done to which resource."""
    try:
        yield
    except PluginError as error:
        raise PluginError(f"{action} {kind.label} ({name}): {error}") from error


def _identity(kind: ResourceType, resource_id: str, properties: Properties) -> tuple[str, ...]:
    """What tells a resource from all others: some ids are unique only together with the identity inputs."""
    return (kind.name, resource_id, *(str(properties.get(name)) for name in kind.identity))


def _name(kind: ResourceType, inputs: Properties) -> str:
    """What a message calls a resource that has no id yet."""
    names = kind.identity or [name for name in _NAMING_INPUTS if name in inputs][:1]
    return "/".join(str(inputs[name]) for name in names if name in inputs)


def _defaults(declared: Mapping[str, Property], only: frozenset[str] | None = None) -> Properties:
    return {
        name: declaration.default
        for name, declaration in declared.items()
        if declaration.default is not None and (only is None or name in only)
    }
