"""JSON: strict in, exact out."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.problems import FieldError
from utils import strict_json

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(_JSON)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert strict_json.parse(strict_json.dump(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1}{}',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b"NaN",
        b"[Infinity]",
        b'"\xff"',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b"\xef\xbb\xbf{}",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b'{"a":1}'.decode().encode("utf-16"),
        b"[" * 60_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b"9" * 5_000,
    ],
)
def test_what_two_parsers_might_read_differently_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not I-JSON$"):
        strict_json.parse(text)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strict_json.parse(b'"\\ud83c\\udfae"') == "\N{VIDEO GAME}"


def test_a_dataclass_is_an_object() -> None:
    assert strict_json.dump([FieldError("a", "b", "c")]) == '[{"field":"a","code":"b","message":"c"}]'


def test_a_time_is_in_utc_with_milliseconds_and_z() -> None:
    east = timezone(timedelta(hours=2))
    assert strict_json.dump(datetime(2025, 3, 1, 14, 0, 0, 5999, tzinfo=east)) == '"2025-03-01T12:00:00.005Z"'
    assert strict_json.dump(datetime(1, 1, 1, tzinfo=UTC)) == '"0001-01-01T00:00:00.000Z"'


def test_a_whole_decimal_is_an_integer() -> None:
    assert strict_json.dump([Decimal("1E+2"), Decimal("0.25")]) == "[100,0.25]"


@pytest.mark.parametrize("value", [object(), b"", {1, 2}, FieldError])
def test_what_has_no_json_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        strict_json.dump(value)


def test_infinity_has_no_json_form() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.dump(float("inf"))
