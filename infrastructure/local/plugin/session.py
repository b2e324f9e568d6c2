"""A configured provider: what the engine may ask of it, in plain values.

Nothing here asks AWS or Docker anything unless a resource is to be created, read, updated or deleted: an
unchanged one costs a comparison of its inputs.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.checks import Failure, failures
from infrastructure.local.plugin.compare import Change
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.resource_type import Lifecycle, Physical, ResourceType
from infrastructure.local.plugin.shapes import Property
from infrastructure.local.plugin.values import UNKNOWN, Properties, Value, as_written, mapping


@dataclass(frozen=True)
class Difference:
    """What an update would change, and whether a replacement has to delete first."""

    changes: list[Change]
    delete_first: bool


@dataclass(frozen=True)
class Live:
    """A resource as a refresh found it: all its properties, and the inputs that would describe it."""

    properties: Properties
    inputs: Properties


class Session:
    """The provider as one engine run configured it.

    A class because it remembers what the run created: the engine may then ask to delete the same thing under
    another name (a renamed resource) or as the old half of a replacement, and it has to stay.
    """

    def __init__(
        self,
        types: Mapping[str, ResourceType],
        lifecycle: Callable[[ResourceType], Lifecycle],
        default_tags: Properties | None = None,
        refused: Callable[[ResourceType, Properties], Iterable[Failure]] = lambda _kind, _inputs: (),
        completed: Callable[[Properties], Properties] = lambda inputs: inputs,
    ) -> None:
        self._types = types
        self._lifecycle = lifecycle
        self._default_tags = default_tags or {}
        self._refused = refused
        self._completed = completed
        self._created: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def check(
        self, token: str, inputs: Properties, olds: Properties, name: str, seed: bytes
    ) -> tuple[Properties, list[Failure]]:
        """The inputs with what is generated filled in, and what is wrong with them."""
        kind = self._type(token)
        checked = dict(inputs)
        for key, declared in kind.inputs.items():
            if declared.autoname and inputs.get(key) is None:
                checked[key] = olds.get(key) or f"{name}-{seed.hex()[:7]}"
        wrong = [*failures(kind.inputs, checked), *self._refused(kind, checked)]
        return checked if wrong else self._completed(checked), wrong

    def diff(self, token: str, old_inputs: Properties, olds: Properties, news: Properties) -> Difference:
        """What makes ``news`` differ from ``old_inputs``; ``olds`` are all properties of the state."""
        kind = self._type(token)
        before, after = as_written(old_inputs), as_written(news)
        found = compare.changes(kind.inputs, before, after)
        if not found and "tags" in kind.inputs and olds.get("tagsAll", {}) != self._all_tags(after):
            found = [Change("tagsAll", "update", replaces=False)]
        kept = all(compare.same(kind.inputs[key], before.get(key), after.get(key)) for key in kind.identity)
        return Difference(found, delete_first=bool(kind.identity) and kept)

    def create(self, token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """The id (empty in a preview) and all properties of a new resource."""
        kind = self._type(token)
        wished = self._wished(kind, inputs)
        if preview:
            return "", {**dict.fromkeys(kind.outputs, UNKNOWN), **_defaults(kind.inputs), **wished}
        with _explained("creating", kind, _name(kind, inputs)):
            made, properties = self._lifecycle(kind).create(wished)
        with self._lock:
            self._created.add(_physical(kind, made, properties))
        return made, properties

    def read(self, token: str, physical: Physical, inputs: Properties) -> Live | None:
        """The resource as it is now; ``None`` when it is gone."""
        kind = self._type(token)
        if not physical.properties:
            raise PluginError(f"{kind.label} {physical.id}: the stand-in plugin cannot import resources")
        given = as_written(inputs)
        with _explained("reading", kind, physical.id):
            found = self._lifecycle(kind).read(physical)
        if found is None:
            return None
        live = compare.refreshed(kind.inputs, given, found)
        if "tags" in kind.inputs:
            own = self._own_tags(given, found)
            live, found = {**live, **own}, {**found, **own}
        return Live(found, live)

    def update(
        self, token: str, physical: Physical, old_inputs: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        """All properties of the resource once ``news`` is true of it."""
        kind = self._type(token)
        wished = self._wished(kind, as_written(news))
        before = {**as_written(old_inputs), "tagsAll": physical.get("tagsAll")}
        paths = compare.changes({**kind.inputs, "tagsAll": TAGS_ALL}, before, wished)
        changed = frozenset(change.path.split(".")[0].split("[")[0] for change in paths)
        if not preview:
            with _explained("updating", kind, physical.id):
                return self._lifecycle(kind).update(physical, wished, changed)
        stays = {name: value for name, value in physical.properties.items() if name not in changed}
        unsettled = dict.fromkeys(kind.unsettled(changed, wished), UNKNOWN)
        return {**stays, **_defaults(kind.inputs, changed), **wished, **unsettled}

    def delete(self, token: str, physical: Physical) -> bool:
        """Removes the resource unless this run has just created or adopted it; whether it did."""
        kind = self._type(token)
        with self._lock:
            if _physical(kind, physical.id, physical.properties) in self._created:
                return False
        with _explained("deleting", kind, physical.id):
            self._lifecycle(kind).delete(physical)
        return True

    def _type(self, token: str) -> ResourceType:
        if token not in self._types:
            known = ", ".join(sorted(self._types))
            raise PluginError(f"{token} is not supported by the stand-in plugin, which knows {known}")
        return self._types[token]

    def _wished(self, kind: ResourceType, inputs: Properties) -> Properties:
        if "tags" not in kind.inputs:
            return dict(inputs)
        return {**inputs, "tagsAll": self._all_tags(inputs)}

    def _all_tags(self, inputs: Properties) -> Value:
        own = inputs.get("tags")
        return own if own is UNKNOWN else {**self._default_tags, **mapping(own)}

    def _own_tags(self, given: Properties, live: Properties) -> Properties:
        """The input ``tags`` that would lead to the tags that are there; none when none is needed."""
        own = mapping(given.get("tags"))
        there = mapping(live.get("tagsAll"))
        mine = {
            key: value for key, value in there.items() if key in own or self._default_tags.get(key) != value
        }
        return {"tags": mine} if mine or "tags" in given else {}


_TELLING: Final = ("name", "imageName", "routeKey", "functionName", "secretId", "integrationUri")

TAGS_ALL = Property(kind="map", item=Property(kind="text"))
"""The output that holds a resource's own tags and the provider's default ones together."""


@contextmanager
def _explained(doing: str, kind: ResourceType, name: str) -> Iterator[None]:
    """Says in a failure what was being done to which resource."""
    try:
        yield
    except PluginError as failed:
        raise PluginError(f"{doing} {kind.label} ({name}): {failed}") from failed


def _physical(kind: ResourceType, made: str, properties: Properties) -> tuple[str, ...]:
    """What is one and the same thing: some ids are unique only beside the names that make them."""
    return (kind.name, made, *(str(properties.get(name)) for name in kind.identity))


def _name(kind: ResourceType, inputs: Properties) -> str:
    """What tells a resource without an id yet from others of its type."""
    names = kind.identity or [name for name in _TELLING if name in inputs][:1]
    return "/".join(str(inputs[name]) for name in names if name in inputs)


def _defaults(declared: Mapping[str, Property], only: frozenset[str] | None = None) -> Properties:
    return {
        name: each.default
        for name, each in declared.items()
        if each.default is not None and (only is None or name in only)
    }
