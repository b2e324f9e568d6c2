"""Changes that are alike, told as one: so that a release of twenty functions reads as one change, and what is
different stands out."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infrastructure.release.state import short_type
from infrastructure.review.changes import SYMBOLS, Change, Operation, PropertyChange
from infrastructure.review.consequences import Consequence

NONE = "(none)"
_LONGEST_VALUE = 100
_WORD = re.compile(r"[^\s:/,]+|[\s:/,]")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the inputs that changes alike in the resources ``names``. A value is empty where there is none."""

    path: str
    before: str
    after: str
    replaces: bool
    names: tuple[str, ...]

    def __str__(self) -> str:
        if self.before == self.after:
            return f"{self.path}: {self.before}, changed"
        return f"{self.path}: {self.before or NONE} → {self.after or NONE}"


@dataclass(frozen=True, slots=True)
class Fold:
    """Resources of one type that share what becomes of them; ``places`` are empty for new and deleted ones."""

    operation: Operation
    type: str
    names: tuple[str, ...]
    consequence: Consequence | None
    places: tuple[Place, ...]

    @property
    def warning(self) -> str:
        """What follows, and what forces it."""
        forced = [f", because of {place}" for place in self.places if place.replaces]
        return (self.consequence.text if self.consequence else "") + "".join(forced)

    @property
    def title(self) -> str:
        """``aws:lambda:Function`` with its name, or with how many there are and the names of some; and why a
        harmless replacement or deletion is one."""
        why = self.consequence.text if self.consequence and self.consequence.severity == "harmless" else ""
        return f"{short_type(self.type)}  {named(self.names)}" + (f": {why}" if why else "")


def named(names: tuple[str, ...], most: int = 4) -> str:
    """The names, or how many they are and the first of them."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{len(names)}: {', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def folded(changes: Iterable[Change]) -> list[Fold]:
    """The changes by type and operation, in the order of the types."""
    folds = []
    for (operation, type_), alike in by(changes, "operation", "type").items():
        names = tuple(sorted(change.name for change in alike))
        places = () if operation == "create" else tuple(_places(alike))
        folds.append(Fold(operation, type_, names, alike[0].consequence, places))
    order = list(SYMBOLS)
    return sorted(folds, key=lambda fold: (fold.type, order.index(fold.operation)))


def _places(changes: list[Change]) -> list[Place]:
    """What changes in them, each place that differs in the same way in several resources once."""
    owners: dict[str, list[tuple[str, PropertyChange]]] = {}
    for change in sorted(changes, key=lambda item: item.name):
        for item in change.properties:
            owners.setdefault(item.path, []).append((change.name, item))
    places = []
    for path, owned in sorted(owners.items()):
        alike = len({(shown(item.before), shown(item.after)) for _, item in owned}) == 1
        found: dict[tuple[str, str, bool], list[str]] = {}
        for name, item in owned:
            key = (*_pair(item.before, item.after, cut=not alike), item.replaces)
            found.setdefault(key, []).append(name)
        places += [Place(path, *key, names=tuple(names)) for key, names in found.items()]
    return places


def _pair(before: Any, after: Any, *, cut: bool) -> tuple[str, str]:
    """Both values in few words: of long texts, or to ``cut``, the words at which they part."""
    one, other = shown(before), shown(after)
    long = max(len(one), len(other)) > _LONGEST_VALUE
    if isinstance(before, str) and isinstance(after, str) and (cut or long):
        edited = _edit(_WORD.findall(one), _WORD.findall(other))
        one, other = edited if edited[0] != edited[1] else (one, other)
    return _shortened(one), _shortened(other)


def _edit(one: list[str], other: list[str]) -> tuple[str, str]:
    """Both texts, of which the words are given, without those that they begin and end with in common; the same
    where only spaces differ."""
    start = _in_common(one, other)
    end = _in_common(one[start:][::-1], other[start:][::-1])

    def middle(words: list[str]) -> str:
        kept = "".join(words[start : len(words) - end]).strip()
        return " ".join(filter(None, ("…" if start else "", kept, "…" if end else "")))

    return middle(one), middle(other)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _in_common(one: list[str], other: list[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def shown(value: Any) -> str:
    """A value on one line, with nothing in it that a terminal would obey."""
    if value is None:
        return ""
    if isinstance(value, str) and value and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=not str(value).isprintable())


def by(changes: Iterable[Change], *fields: str) -> dict[Any, list[Change]]:
    """The changes by the values of their fields, sorted by these."""
    found: dict[Any, list[Change]] = {}
    for change in changes:
        values = tuple(getattr(change, field) for field in fields)
        found.setdefault(values if len(fields) > 1 else values[0], []).append(change)
    return dict(sorted(found.items()))
