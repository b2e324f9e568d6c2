"""Whatever is put into a page is text, unless it is markup already."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.user_agent import Form
from utils.markup import Markup, joined, markup


@pytest.mark.parametrize("character", ["<", ">", "&", '"', "'"])
def test_what_html_reads_as_markup_is_escaped(character: str) -> None:
    assert character not in markup("{x}", x=character).replace("&", "", 1).rstrip(";")


def test_markup_is_left_as_it_is() -> None:
    inner = markup("<b>{x}</b>", x="a & b")
    assert markup("<p>{inner}</p>", inner=inner) == "<p><b>a &amp; b</b></p>"
    assert joined([inner, Markup("<hr>")]) == "<b>a &amp; b</b><hr>"


def test_what_is_put_in_is_no_template() -> None:
    assert markup("{x}", x="{y} {0} {x.__class__}") == "{y} {0} {x.__class__}"


@given(st.text())
def test_a_value_comes_back_as_it_went_in(text: str) -> None:
    page = markup('<form action="{x}"><input name="a" value="{x}"></form>', x=text)
    form = Form(page)
    assert (form.action, form.fields) == (text, {"a": text})
