"""Groups changes that are alike: a release of twenty functions reads as one change, and exceptions stand out."""

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
class PropertyEdit:
    """A property path whose value changes in the same way in the resources ``names``.

    ``before`` and ``after`` are values as text, at most ``_LONGEST_VALUE`` characters each, empty where the property
    is not set. ``replaces`` tells whether the change forces a replacement.
    """

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
class ChangeGroup:
    """The resources of one type that one operation touches; ``edits`` are empty for created and deleted ones."""

    operation: Operation
    type: str
    names: tuple[str, ...]
    consequence: Consequence | None
    edits: tuple[PropertyEdit, ...]

    @property
    def warning(self) -> str:
        """The consequence in words, and the edits that force it."""
        forced = [f", because of {edit}" for edit in self.edits if edit.replaces]
        return (self.consequence.text if self.consequence else "") + "".join(forced)

    @property
    def title(self) -> str:
        """``aws:lambda:Function`` and the resources' names; with the consequence where that is harmless."""
        why = self.consequence.text if self.consequence and self.consequence.severity == "harmless" else ""
        return f"{short_type(self.type)}  {name_list(self.names)}" + (f": {why}" if why else "")

    def remarks(self, edit: PropertyEdit) -> str:
        """Whether ``edit`` replaces, and which resources it is about, where that is not all of them."""
        replaces = "  (replaces it)" if edit.replaces else ""
        return replaces + (f"  ({name_list(edit.names)})" if edit.names != self.names else "")


def name_list(names: tuple[str, ...], most: int = 4) -> str:
    """The names with commas between them; of more than ``most``, their number and the first ``most - 1``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{len(names)}: {', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def group_changes(changes: Iterable[Change]) -> list[ChangeGroup]:
    """One group for each type and operation among ``changes``, sorted by type, then as in ``SYMBOLS``."""
    groups = []
    for (operation, type_), alike in changes_by(changes, "operation", "type").items():
        names = tuple(sorted(change.name for change in alike))
        edits = () if operation == "create" else tuple(_edits(alike))
        groups.append(ChangeGroup(operation, type_, names, alike[0].consequence, edits))
    order = list(SYMBOLS)
    return sorted(groups, key=lambda group: (group.type, order.index(group.operation)))


def changes_by(changes: Iterable[Change], *fields: str) -> dict[Any, list[Change]]:
    """The changes by the value of their field, or the tuple of values of several, sorted by these keys."""
    by_key: dict[Any, list[Change]] = {}
    for change in changes:
        values = tuple(getattr(change, field) for field in fields)
        by_key.setdefault(values if len(fields) > 1 else values[0], []).append(change)
    return dict(sorted(by_key.items()))


def one_line(value: Any) -> str:
    """A value as text on one line without control characters; empty for ``None``."""
    if value is None:
        return ""
    if isinstance(value, str) and value and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=not str(value).isprintable())


def _edits(changes: list[Change]) -> list[PropertyEdit]:
    """The edits in ``changes``, sorted by path; those that are the same in several resources once."""
    by_path: dict[str, list[tuple[str, PropertyChange]]] = {}
    for change in sorted(changes, key=lambda item: item.name):
        for property_change in change.properties:
            by_path.setdefault(property_change.path, []).append((change.name, property_change))
    edits = []
    for path, owned in sorted(by_path.items()):
        same = len({(one_line(item.before), one_line(item.after)) for _, item in owned}) == 1
        owners: dict[tuple[str, str, bool], list[str]] = {}
        for name, item in owned:
            key = (*_pair(item.before, item.after, trim=not same), item.replaces)
            owners.setdefault(key, []).append(name)
        edits += [PropertyEdit(path, *key, names=tuple(names)) for key, names in owners.items()]
    return edits


def _pair(before: Any, after: Any, *, trim: bool) -> tuple[str, str]:
    """Both values as short texts; of long ones, and with ``trim``, only the words that differ."""
    old, new = one_line(before), one_line(after)
    is_long = max(len(old), len(new)) > _LONGEST_VALUE
    if isinstance(before, str) and isinstance(after, str) and (trim or is_long):
        trimmed = _without_common_ends(_WORD.findall(old), _WORD.findall(new))
        old, new = trimmed if trimmed[0] != trimmed[1] else (old, new)
    return _shortened(old), _shortened(new)


def _without_common_ends(old: list[str], new: list[str]) -> tuple[str, str]:
    """Both texts, given as words, with ``…`` for the words that they begin and end with in common.

    They are the same where only spaces differ.
    """
    start = _common_words(old, new)
    end = _common_words(old[start:][::-1], new[start:][::-1])

    def middle(words: list[str]) -> str:
        kept = "".join(words[start : len(words) - end]).strip()
        return " ".join(filter(None, ("…" if start else "", kept, "…" if end else "")))

    return middle(old), middle(new)


def _common_words(old: list[str], new: list[str]) -> int:
    """The number of words that both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
