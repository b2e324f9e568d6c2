"""Cursors mean something to the listing that gave them only, and nobody else can make one."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from utils import cursors
from utils.errors import InvalidCursorException

SECRET = bytes(32)

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.binary(), texts, texts)
def test_a_cursor_leads_back_to_its_position(secret: bytes, listing: str, position: str) -> None:
    assert cursors.decode(secret, listing, cursors.encode(secret, listing, position)) == position


@given(texts, texts, texts)
def test_a_cursor_of_another_listing_is_refused(listing: str, other: str, position: str) -> None:
    assume(listing != other)
    with pytest.raises(InvalidCursorException):
        cursors.decode(SECRET, other, cursors.encode(SECRET, listing, position))


@given(st.binary(min_size=1), texts)
def test_a_cursor_that_was_signed_by_another_secret_is_refused(secret: bytes, position: str) -> None:
    assume(secret.rstrip(b"\0"))  # HMAC pads a secret with zeros, so those at its end say nothing
    with pytest.raises(InvalidCursorException):
        cursors.decode(SECRET, "players", cursors.encode(secret, "players", position))


@given(st.text())
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorException):
        cursors.decode(SECRET, "players", text)


@given(texts, st.data())
def test_a_cursor_with_one_character_changed_is_refused(position: str, data: st.DataObject) -> None:
    cursor = cursors.encode(SECRET, "players", position)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("ABCabc012-_").filter(lambda one: one != cursor[place]))
    with pytest.raises(InvalidCursorException):
        cursors.decode(SECRET, "players", cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("change", ["{}=", "{} ", " {}", "{}\n"])
def test_a_cursor_has_one_spelling(change: str) -> None:
    with pytest.raises(InvalidCursorException):
        cursors.decode(SECRET, "s", change.format(cursors.encode(SECRET, "s", "p")))


@given(texts, texts)
def test_a_cursor_needs_no_escaping_in_a_url(listing: str, position: str) -> None:
    assert cursors.encode(SECRET, listing, position).replace("-", "").replace("_", "0").isalnum()
