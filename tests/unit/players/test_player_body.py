"""What a client may say of a player."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.player_body import PlayerBody


def read(**fields: Any) -> PlayerBody:
    return PlayerBody.model_validate({"username": "kratos", "email": "kratos@mail.example", **fields})


def faults(**fields: Any) -> list[str]:
    with pytest.raises(ValidationError) as error:
        read(**fields)
    return [str(fault["loc"][0]) for fault in error.value.errors()]


@pytest.mark.parametrize("username", ["abc", "A-_", "z" * 16, "Kratos_01"])
def test_a_username_is_3_to_16_letters_digits_and_dashes(username: str) -> None:
    assert read(username=username).username == username


@pytest.mark.parametrize(
    "username",
    [
        "",
        "ab",
        "z" * 17,
        "1abc",
        "-abc",
        "_abc",
        "a b",
        "äbc",
        "abc\n",
        " abc",
        "abc!",
        123,
        None,
        "\u0430bc",
    ],
)
def test_any_other_username_is_refused(username: Any) -> None:
    assert faults(username=username) == ["username"]


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("jo@mail.example", "jo@mail.example"),
        ("Jo+tag@MAIL.Example", "Jo+tag@mail.example"),
        ("jo@ci.test", "jo@ci.test"),
        ("jö@exämple.com", "jö@exämple.com"),
        ("jo@xn--exmple-cua.com", "jo@exämple.com"),
    ],
)
def test_an_address_is_kept_in_its_normal_form(email: str, kept: str) -> None:
    assert read(email=email).email == kept


@pytest.mark.parametrize(
    "email",
    [
        "",
        "jo",
        "jo@",
        "@mail.example",
        "jo@localhost",
        "jo@@mail.example",
        "jo@mail..example",
        "Jo <jo@mail.example>",
        "jo@mail.example ",
        "jo@mail.example\n",
        "jo@[127.0.0.1]",
        f"{'x' * 65}@mail.example",
        1,
        None,
    ],
)
def test_what_is_no_address_is_refused(email: Any) -> None:
    assert faults(email=email) == ["email"]


@pytest.mark.parametrize(
    "name", ["x", "x" * 64, "Ghost of Sparta", "クレイトス", "\N{VIDEO GAME}", "👨\u200d👩", None]
)
def test_a_display_name_is_any_visible_text_of_up_to_64_characters(name: str | None) -> None:
    assert read(display_name=name).display_name == name


@pytest.mark.parametrize(
    "name", ["", "x" * 65, " x", "x ", "a\nb", "a\x00b", "\u2028", "a\u2029b", "a\x85b", 5]
)
def test_any_other_display_name_is_refused(name: Any) -> None:
    assert faults(display_name=name) == ["display_name"]


@pytest.mark.parametrize("country", ["GR", "US", "JP", None])
def test_a_country_is_a_code_of_iso_3166(country: str | None) -> None:
    assert read(country=country).country == country


@pytest.mark.parametrize("country", ["", "gr", "XX", "GRC", "300", "G", 30])
def test_any_other_country_is_refused(country: Any) -> None:
    assert faults(country=country) == ["country"]


@pytest.mark.parametrize(
    ("language", "kept"),
    [
        ("en", "en"),
        ("EN-us", "en-US"),
        ("es-419", "es-419"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("zh-yue-HK", "zh-yue-HK"),
        ("sr-latn", "sr-Latn"),
        ("de-ch-1996", "de-CH-1996"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-DE-u-co-phonebk", "de-DE-u-co-phonebk"),
        ("en-x-Twain", "en-x-twain"),
        ("zh-Yue-hant-tw-x-Hant-tw", "zh-yue-Hant-TW-x-hant-tw"),
        (None, None),
    ],
)
def test_a_language_is_a_tag_of_bcp_47_and_kept_in_its_usual_case(
    language: str | None, kept: str | None
) -> None:
    assert read(language=language).language == kept


@pytest.mark.parametrize(
    "language",
    [
        "",
        "e",
        "english",
        "en_US",
        "en-",
        "-en",
        "en--US",
        "en-USAX-",
        "not-a-language",
        "12",
        "en-u",
        "en-US\n",
        "\uff45\uff4e",
        "en-x-123456789",
        "en-variant1-variant2-variant3-variant4",
        5,
    ],
)
def test_any_other_language_is_refused(language: Any) -> None:
    assert faults(language=language) == ["language"]


@pytest.mark.parametrize("status", ["active", "suspended", "banned"])
def test_a_status_is_one_of_three(status: Any) -> None:
    assert read(status=status).status == status


@pytest.mark.parametrize("status", ["", "Active", "deleted", None, 1])
def test_any_other_status_is_refused(status: Any) -> None:
    assert faults(status=status) == ["status"]


def test_what_is_left_out_has_its_default() -> None:
    body = read()
    assert (body.display_name, body.country, body.language, body.status) == (None, None, None, "active")


def test_an_error_does_not_show_what_was_sent() -> None:
    with pytest.raises(ValidationError) as error:
        read(email="hunter2")
    assert "hunter2" not in str(error.value)
