"""Python values as DynamoDB's attribute values."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.attributes import marshal, unmarshal

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**37), 10**37) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=8,
)


class TestAttributes:
    @given(_VALUES)
    def test_come_back_as_they_went(self, value: Any) -> None:
        assert unmarshal(marshal(value)) == value

    def test_know_a_truth_from_a_one(self) -> None:
        assert marshal(True) == {"BOOL": True}
        assert marshal(1) == {"N": "1"}

    def test_that_are_numbers_are_exact(self) -> None:
        assert unmarshal(marshal(Decimal("0.1"))) == Decimal("0.1")
        whole = unmarshal({"N": "1E+2"})
        assert (whole, type(whole)) == (100, int)

    def test_hold_no_binary_fraction(self) -> None:
        with pytest.raises(TypeError, match="no float"):
            marshal(0.1)

    def test_of_a_type_that_is_not_used_are_refused(self) -> None:
        with pytest.raises(TypeError, match="type SS"):
            unmarshal({"SS": ["a"]})
