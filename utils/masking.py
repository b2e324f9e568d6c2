"""Takes secrets out of what is logged: passwords, tokens, codes, credentials of headers, e-mail addresses."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_NAMES_KEPT: Final = 256
_HIDDEN: Final = "password|secret|_token|authorization|cookie|code_verifier|id_token_hint"
_HIDDEN_NAME: Final = re.compile(_HIDDEN, re.IGNORECASE)
JWT: Final = re.compile(r"(?<![\w-])((?:(?!eyJ)[\w-])*+)eyJ[\w-]++\.[\w-]++(?:\.[\w-]*+)?")
"""A JWT, with what is written right before it as the first group. It is sought once in each word, so that a long one is
read in a time in proportion to its length."""

_MASKS: Final = (
    (JWT, r"\1[token]"),
    (re.compile(r"(?i)\b(bearer|basic) +[\w.~+/=-]+"), r"\1 [masked]"),
    (re.compile(r"(?<![^\s\"'<>@,;:\\])[^\s\"'<>@,;:\\]+@[^\s\"'<>@,;:\\]+\.[^\s\"'<>@,;:\\.]+"), "[e-mail]"),
    (re.compile(r"(?i)(?<![\w.!#$*+/?^`{|}~%-])[\w.!#$*+/?^`{|}~%-]+%40[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    # A member of JSON, or of a dictionary as Python shows it, as in an exception's text.
    (re.compile(rf'(?i)("[^"]{{0,60}}(?:{_HIDDEN})[^"]{{0,60}}": *)"(?:[^"\\]|\\.)*"'), r'\1"[masked]"'),
    (
        re.compile(
            rf"(?i)('[^']{{0,60}}(?:{_HIDDEN})[^']{{0,60}}': *b?)(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
        ),
        r"\1'[masked]'",
    ),
    # A field of a form or of a query.
    (re.compile(rf"(?i)\b(\w{{0,60}}(?:{_HIDDEN})\w{{0,60}}|code)=[^&\s\"'\\]+"), r"\1=[masked]"),
)

_PLAIN: Final = re.compile(r"(?!.*eyJ)[\w#+./:{}-]*")
"""Text in which no mask finds anything, as nearly all of a line is: a token aside, all of them look for another
character."""


def masked(text: str) -> str:
    """``text`` without e-mail addresses, JWTs, credentials of headers, and without the values of secret members of JSON
    and of secret fields of a form."""
    if _PLAIN.fullmatch(text):
        return text
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def shown(value: Any) -> Any:
    """``value`` in JSON's types, every text masked.

    Masked before JSON escapes it: an escaped newline before a secret would hide where the secret begins, and a mask
    that takes the ``n`` of ``\\n`` away would leave no JSON.
    """
    match value:
        case str():
            return masked(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_name(str(name))[0]: _shown_under(str(name), member) for name, member in value.items()}
        case list() | tuple():
            return [shown(element) for element in value]
    return masked(str(value))


def _shown_under(name: str, value: Any) -> Any:
    plain = value is None or isinstance(value, bool | int | float)
    return "[masked]" if not plain and _name(name)[1] else shown(value)


@lru_cache(_NAMES_KEPT)
def _name(name: str) -> tuple[str, bool]:
    """A member's name as it is shown, and whether its value is not. Kept, because nearly all lines have the same."""
    return masked(name), _HIDDEN_NAME.search(name) is not None
