"""Cursors mean something to the listing that gave them only."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from utils import cursors
from utils.errors import InvalidCursorException


@given(st.text(), st.text())
def test_a_cursor_leads_back_to_its_position(scope: str, position: str) -> None:
    assert cursors.decode(cursors.encode(scope, position), scope) == position


@given(st.text(), st.text(), st.text())
def test_a_cursor_of_another_listing_is_refused(scope: str, other: str, position: str) -> None:
    assume(scope != other)
    with pytest.raises(InvalidCursorException):
        cursors.decode(cursors.encode(scope, position), other)


@given(st.text())
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorException):
        cursors.decode(text, "default#players")


@pytest.mark.parametrize("change", ["{}=", "{} ", " {}", "{}\n"])
def test_a_cursor_has_one_spelling(change: str) -> None:
    with pytest.raises(InvalidCursorException):
        cursors.decode(change.format(cursors.encode("s", "p")), "s")


@given(st.text(), st.text())
def test_a_cursor_needs_no_escaping_in_a_url(scope: str, position: str) -> None:
    assert cursors.encode(scope, position).replace("-", "").replace("_", "").isalnum()
