"""JSON text: strict about what is read, exact about what is written."""

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from math import isinf
from typing import Any

from utils.times import rfc3339


def parse(raw: bytes | str) -> Any:
    """The value of ``raw``, which must be I-JSON (RFC 7493): UTF-8, no repeated names, no lone surrogates, no numbers
    beyond a double's range.

    Raises ``ValueError`` when it is not, or is nested deeper than can be read; the error holds nothing of it.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        value = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("not I-JSON") from None
    return value


def dump(value: Any) -> str:
    """``value`` as JSON: dataclasses are objects, times RFC 3339 in UTC with ``Z``, whole decimals integers.

    Raises ``TypeError`` or ``ValueError`` for what has no such form.
    """
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """What :func:`parse` gave as text that is the same for equal values: their members in whatever order, whole
    numbers however they are written (RFC 8785 section 3.2.2.3)."""
    return json.dumps(_of_one_spelling(value), sort_keys=True, separators=(",", ":"))


def _of_one_spelling(value: Any) -> Any:
    match value:
        case dict():
            return {name: _of_one_spelling(one) for name, one in value.items()}
        case list():
            return [_of_one_spelling(one) for one in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name is repeated")
    return names


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise ValueError("a number is out of range")
    return number


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_repetition, parse_constant=_refuse, parse_float=_finite
)
"""Made once: making one costs more than reading a small text."""
