"""Takes secrets out of texts and JSON, wherever in them they are.

They are told by their names, in JSON, forms, queries and what is written like these, and by their looks. A text is
decoded as long as something is encoded in it: what only then shows a secret is told decoded.
"""

import re
from functools import lru_cache
from string import ascii_letters, digits
from typing import Any, Final
from urllib.parse import unquote

from utils import strict_json
from utils.masking import JWT

MASK: Final = "[masked]"
_LOOKED_AT: Final = 32 * 1024
"""How many characters of one text are looked at."""
_DEEPEST: Final = 100
"""How deeply JSON may be nested to be read."""
_ENCODED: Final = 3
"""How many times what is in a text may be encoded, with percent signs or as JSON in JSON, to be read."""
_WORD: Final = f"{ascii_letters}{digits}-_.~+/=%"
"""What secrets are written in: one that is cut off would not look like one."""

_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|passcode|(?:^|[^a-z])pass$|pwd|secret(?!_expires_at)|tokens?$|^authorization$"
    r"|proxy-authorization|(?<!allow-)credentials?$|cookie|verifier|_token_hint$|assertion$|csrf|api[-_]?key$"
    r"|private[-_]?key",
    re.IGNORECASE,
)
_FIELD_NAME: Final = re.compile(r"(?P<name>[\w.~\[\]-]{1,64}+)=")
_FIELD: Final = re.compile(r"(?:(?!;\s{0,4}[\w.~\[\]-]{1,64}=)[^&\"<>#\r\n])*+")
"""The value of a field of what is written like a form or a query."""
_MEMBER_NAME: Final = re.compile(r"(?<!\\)(\\*+[\"'])(?P<name>[\w.~-]{1,64}+)\1\s*+:\s*+")
_MEMBER: Final = re.compile(r"b?(\\*+[\"']).*?(?:(?<!\\)\1|\Z)|[{\[].*+|[^\s,}\]]*+", re.DOTALL)
"""The value of a member of what is written like JSON, or as Python shows a dictionary, in quotes however escaped."""

_LOOKS: Final[tuple[tuple[str, re.Pattern[str], str], ...]] = (
    ("eyJ", JWT, rf"\1{MASK}"),
    (
        ".",
        re.compile(r"(?:(?<![a-z0-9-])[a-z0-9-]{1,64}+~)?(?<![\w-])[\w-]{22}\.[\w-]{43}(?![\w-])", re.ASCII),
        MASK,
    ),
    (" ", re.compile(r"(?i)\b(bearer|basic|dpop) ++[\w.~+/=-]{4,}+"), rf"\1 {MASK}"),
    ("://", re.compile(r"://[^/?#\s\"'<>]*@"), f"://{MASK}@"),
)
"""What each secret looks like, after what is in all that do: most texts are none, and are not searched."""


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whether what has this name is a secret."""
    return bool(_SECRET_NAME.search(name))


def text(value: str, *, codes: bool = False, encoded: int = 0) -> str:
    """``value`` without secrets; of a long one the beginning, up to the end of a word.

    ``encoded`` is how many times it was decoded already; for ``codes`` see :func:`json`.
    """
    if len(value) > _LOOKED_AT:
        value = f"{value[:_LOOKED_AT].rstrip(_WORD)}…"
    if encoded < _ENCODED and value.lstrip()[:1] in {"{", "["}:
        try:
            inner = strict_json.parse(value)
            told = json(inner, codes=codes, encoded=encoded + 1)
        except ValueError:
            pass
        else:
            return value if told == inner else strict_json.dump(told)
    value = _masked(value)
    if encoded == _ENCODED or "%" not in value or (decoded := unquote(value)) == value:
        return value
    told = text(decoded, codes=codes, encoded=encoded + 1)
    return value if told == decoded else told


def json(value: Any, *, codes: bool, depth: int = 0, encoded: int = 0) -> Any:
    """JSON without secrets; raises ``ValueError`` where it is nested too deeply.

    ``codes`` says whether a member ``code`` is one of OAuth's, and not an error's. ``depth`` is how deeply ``value`` is
    nested, ``encoded`` in how many texts.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    match value:
        case dict():
            return {
                text(name): MASK
                if member is not None and (is_secret(name) or (codes and name == "code"))
                else json(member, codes=codes, depth=depth + 1, encoded=encoded)
                for name, member in value.items()
            }
        case list():
            return [json(element, codes=codes, depth=depth + 1, encoded=encoded) for element in value]
        case str():
            return text(value, codes=codes, encoded=encoded)
    return value


def _masked(value: str) -> str:
    for part, pattern, instead in _LOOKS:
        if part in value:
            value = pattern.sub(instead, value)
    if "=" in value:
        value = _hidden(value, _FIELD_NAME, _FIELD, MASK)
    if ":" in value and ('"' in value or "'" in value):
        value = _hidden(value, _MEMBER_NAME, _MEMBER, f'"{MASK}"')
    return value


def _hidden(text: str, names: re.Pattern[str], secret: re.Pattern[str], instead: str) -> str:
    """``text`` without the values that are ``secret`` after one of the ``names`` that say so."""
    told, end = [], 0
    for found in names.finditer(text):
        name = found["name"]
        hides = is_secret(name) or (name == "code" and names is _FIELD_NAME)
        if hides and found.start() >= end and (value := secret.match(text, found.end())):
            told += [text[end : found.end()], instead]
            end = value.end()
    return "".join([*told, text[end:]])
