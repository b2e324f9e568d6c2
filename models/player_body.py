"""The body that creates or replaces a player."""

import re
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from iso3166 import countries_by_alpha2
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from models.examples import Examples
from models.player import Status

_LETTER, _ANY = "[A-Za-z]", "[A-Za-z0-9]"
_EXTENSION = rf"[TtUu](?:-{_ANY}{{2,8}})+"
_TAG = (
    rf"(?P<language>{_LETTER}{{2,3}})(?P<extlang>-{_LETTER}{{3}}){{0,3}}"
    rf"(?:-(?P<script>{_LETTER}{{4}}))?(?:-(?P<region>{_LETTER}{{2}}|[0-9]{{3}}))?"
    rf"(?:-(?:{_ANY}{{5,8}}|[0-9]{_ANY}{{3}}))*"
    rf"(?:-{_EXTENSION})*(?:-[Xx](?:-{_ANY}{{1,8}})+)?"
)
"""BCP 47 (RFC 5646 section 2.1), limited to what its registries contain: primary languages of two or three letters,
the extensions ``t`` and ``u``."""

_LANGUAGE = re.compile(_TAG)
_LANGUAGE_PATTERN = "^" + re.sub(r"\?P<\w+>", "?:", _TAG) + "$"
"""The same for JSON Schema, whose regular expressions (ECMA-262) write named groups in another way."""

_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"


def _email(text: str) -> str:
    """The address in its normal form. Its domain need not exist, and may end in ``.test`` (RFC 2606)."""
    try:
        return validate_email(text, check_deliverability=False, strict=True, test_environment=True).normalized
    except EmailNotValidError:
        raise PydanticCustomError("email", "Input should be a valid e-mail address") from None


def _country(text: str) -> str:
    if text not in countries_by_alpha2:
        raise PydanticCustomError("country", "Input should be an ISO 3166-1 alpha-2 code in capitals")
    return text


def _language(text: str) -> str:
    """The tag in the case that RFC 5646 section 2.1.1 recommends: ``zh-Hant-TW``."""
    tag = _LANGUAGE.fullmatch(text)
    if tag is None:
        raise PydanticCustomError("language", "Input should be a BCP 47 language tag")
    subtags = text.lower().split("-")
    for group, case in (("script", str.title), ("region", str.upper)):
        if tag[group]:
            subtags[text[: tag.start(group)].count("-")] = case(tag[group])
    return "-".join(subtags)


type Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{2,15}$")]
type Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
type DisplayName = Annotated[
    str,
    StringConstraints(max_length=64, pattern=rf"^[^\s{_CONTROL}](?:[^{_CONTROL}]*[^\s{_CONTROL}])?$"),
]
type Country = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}$"),
    AfterValidator(_country),
    Field(json_schema_extra={"enum": [*countries_by_alpha2]}),
]
type Language = Annotated[
    str,
    StringConstraints(max_length=35),
    AfterValidator(_language),
    Field(json_schema_extra={"pattern": _LANGUAGE_PATTERN}),
]


class PlayerBody(BaseModel):
    """The body of ``POST /players`` and ``PUT /players/{player_id}``.

    A field that is left out gets its default, on a PUT too; a ``display_name`` of ``None`` becomes the username.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    username: Username
    email: Email
    display_name: DisplayName | None = None
    country: Country | None = None
    language: Language | None = None
    status: Status = "active"


def examples() -> Examples:
    """See ``models.examples``."""
    least = {"username": "Kratos", "email": "kratos@example.com"}
    more = {"display_name": "Kratos of Sparta", "country": "GR", "language": "el", "status": "suspended"}
    return {PlayerBody: {"The least there is": least, "All there is": least | more}}
