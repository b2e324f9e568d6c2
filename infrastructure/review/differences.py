"""Compares two property values down to the innermost places at which they differ."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A path, and the value there before and after; ``None`` where there is none."""

    path: str
    before: Any
    after: Any


def differences(path: str, before: Any, after: Any) -> list[Difference]:
    """The innermost differences of two values at ``path``; ``path`` itself with both values where there is none.

    Text that holds JSON, such as a policy, is compared by its content. Policy statements are matched by ``Sid``; each
    item that a list of scalars gained or lost is a difference at ``path[]``.
    """
    return list(_differences(path, before, after)) or [Difference(path, before, after)]


def _differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    old, new = _parsed(before), _parsed(after)
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_differences(path, old, new)
    else:
        yield Difference(path, before, after)


def _list_differences(path: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    by_sid = _by_sid(old), _by_sid(new)
    if all(by_sid):
        yield from _differences(path, *by_sid)
    elif len(old) == len(new) and not _are_scalars(old + new):
        for index, (old_item, new_item) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{index}]", old_item, new_item)
    elif _are_scalars(old + new) and set(old) != set(new):
        yield from (Difference(f"{path}[]", item, None) for item in old if item not in new)
        yield from (Difference(f"{path}[]", None, item) for item in new if item not in old)
    else:
        yield Difference(path, old, new)


def _by_sid(items: list[Any]) -> dict[str, Any]:
    """The statements of a policy by ``Sid``; empty where one has none."""
    if not all(isinstance(item, dict) and isinstance(item.get("Sid"), str) for item in items):
        return {}
    return {item["Sid"]: item for item in items}


def _are_scalars(items: list[Any]) -> bool:
    return not any(item is None or isinstance(item, dict | list) for item in items)


def _parsed(value: Any) -> Any:
    """The content of text that is a JSON object or array; any other value as it is."""
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
