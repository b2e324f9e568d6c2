"""JSON: I-JSON only when reading (RFC 7493), one form for every type when writing."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from math import isinf
from typing import Any


def parse(raw: bytes | str) -> Any:
    """The value of ``raw``, which must be I-JSON (RFC 7493): UTF-8, no repeated names, no lone surrogates, no numbers
    beyond a double's range.

    Raises ``ValueError`` when it is not, or is nested too deeply for Python's parser; its message is always the same
    and holds nothing of ``raw``.
    """
    try:
        text = (raw if isinstance(raw, str) else raw.decode()).strip(_WHITESPACE)
        value, end = _DECODER.raw_decode(text)
        if end != len(text):
            raise ValueError("more than one value")
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("not I-JSON") from None
    return value


def dump(value: Any) -> str:
    """``value`` as compact JSON text: a dataclass as an object, a ``datetime`` as :func:`rfc3339`, a ``Decimal`` as a
    number, without a fraction if it is whole.

    Raises ``TypeError`` for any other type that JSON lacks, ``ValueError`` for NaN and infinities.
    """
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values: members sorted by name, ``1.0`` written as ``1`` (RFC 8785 section
    3.2.2.3). ``value`` is what :func:`parse` returned."""
    return json.dumps(_of_one_spelling(value), sort_keys=True, separators=(",", ":"))


def rfc3339(moment: datetime) -> str:
    """An aware ``moment`` in UTC with milliseconds and ``Z``, of fixed width, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _of_one_spelling(value: Any) -> Any:
    match value:
        case dict():
            return {name: _of_one_spelling(member) for name, member in value.items()}
        case list():
            return [_of_one_spelling(element) for element in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _plain(value: Any) -> Any:
    from dataclasses import fields, is_dataclass  # the authorizer, which only reads, does not load it

    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
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


_WHITESPACE = " \t\n\r"
"""JSON's own (RFC 8259 section 2)."""
_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_repetition, parse_constant=_refuse, parse_float=_finite
)
"""Made once: making one costs more than reading a small text."""
