"""Where two values differ, as deep as they go."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """One place: its path, and its value before and after; ``None`` where there was or will be none."""

    path: str
    before: Any
    after: Any


def differences(path: str, before: Any, after: Any) -> list[Difference]:
    """The places below ``path`` in which the values differ; at least one, for who asks knows that they do.

    Text that holds JSON, such as a policy, is read as what it holds. The statements of a policy go by their
    ``Sid``; of a list of plain values each one that left or joined is a place of its own, ``path[]``.
    """
    return list(_differences(path, before, after)) or [Difference(path, before, after)]


def _differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    old, new = _read(before), _read(after)
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(path, old, new)
    else:
        yield Difference(path, before, after)


def _of_lists(path: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    by_sid = _by_sid(old), _by_sid(new)
    if all(by_sid):
        yield from _differences(path, *by_sid)
    elif len(old) == len(new) and not _plain(old + new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{index}]", one, other)
    elif _plain(old + new) and set(old) != set(new):
        yield from (Difference(f"{path}[]", item, None) for item in old if item not in new)
        yield from (Difference(f"{path}[]", None, item) for item in new if item not in old)
    else:
        yield Difference(path, old, new)


def _by_sid(items: list[Any]) -> dict[str, Any]:
    """The statements of a policy by their ids; nothing where one has none."""
    if not all(isinstance(item, dict) and isinstance(item.get("Sid"), str) for item in items):
        return {}
    return {item["Sid"]: item for item in items}


def _plain(items: list[Any]) -> bool:
    return not any(item is None or isinstance(item, dict | list) for item in items)


def _read(value: Any) -> Any:
    """What the text of a JSON object or array holds; any other value as it is."""
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
