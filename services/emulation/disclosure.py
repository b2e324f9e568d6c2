"""What the journal tells of a message: everything but its secrets.

Secrets are told by their names (passwords, tokens, codes, cookies, credentials) and by their looks (JWTs, refresh
tokens and codes of this identity provider, credentials of a header). What cannot be read in its own format is left out
whole, for a secret in it might not look like one. E-mail addresses stay: they are the data under test.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import ascii_letters, digits
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from models.journal import Left
from utils import strict_json
from utils.http import FORM_TYPE
from utils.masking import JWT

MASK: Final = "[masked]"
LONGEST: Final = 16 * 1024
"""How many characters of a body are kept."""
READABLE: Final = 256 * 1024
"""How long a body is read at all."""
_LOOKED_AT: Final = 2 * LONGEST
"""How many characters of one text are looked at."""
_WORD: Final = f"{ascii_letters}{digits}-_.~+/=%"
"""What secrets are written in: one that is cut off would not look like one."""
_DEEPEST: Final = 100
"""How deeply JSON may be nested to be read."""

_SECRET_NAME: Final = re.compile(
    r"passw|pwd|secret(?!_expires_at)|token$|^authorization$|proxy-authorization|cookie|verifier|_token_hint$"
    r"|assertion$|csrf|api[-_]?key$|private[-_]?key",
    re.IGNORECASE,
)
_PLAIN_NAME: Final = re.compile(r"[\w.~:\[\]-]{1,64}", re.ASCII)
_URL: Final = frozenset({"location", "referer", "content-location"})
_LOOKS: Final = (
    ("eyJ", JWT, rf"\1{MASK}"),
    (
        ".",
        re.compile(r"(?:(?<![a-z0-9-])[a-z0-9-]{1,64}+~)?(?<![\w-])[\w-]{22}\.[\w-]{43}(?![\w-])", re.ASCII),
        MASK,
    ),
    (" ", re.compile(r"(?i)\b(bearer|basic|dpop) ++[\w.~+/=-]{4,}+"), rf"\1 {MASK}"),
)
"""What each secret looks like, after what is in all that do: most texts are none, and are not searched."""


def text(value: str) -> str:
    """``value`` without what looks like a secret; of a long one the beginning, up to the end of a word."""
    if len(value) > _LOOKED_AT:
        value = f"{value[:_LOOKED_AT].rstrip(_WORD)}…"
    for part, pattern, instead in _LOOKS:
        if part in value:
            value = pattern.sub(instead, value)
    return value


def headers(sent: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case; of a URL in one the query is treated as a query is."""
    told = {}
    for name, value in sent.items():
        folded = name.lower()
        if is_secret(folded):
            told[folded] = MASK
        else:
            told[folded] = text(_url(value) if folded in _URL else value)
    return told


def query(raw: str) -> dict[str, str | list[str]]:
    """The values of a query by their names, several in a list; a code is one of OAuth's, and secret."""
    return _fields(_pairs(raw))


def body(
    raw: bytes | str, media_type: str, *, codes: bool, readable: int = READABLE
) -> tuple[Any, Left | None]:
    """What is told of a body in JSON or of a form, and why not all of it if it is not; nothing of an empty one.

    ``codes`` says whether a member ``code`` of JSON is one of OAuth's, and not an error's; ``readable`` is how long the
    body may be for it to be read, if that is less than :data:`READABLE`.
    """
    if not raw:
        return None, None
    if len(raw) > min(readable, READABLE):
        return None, "too_large"
    if media_type == "text/html":
        return None, "html"
    try:
        told = _read(raw, media_type, codes=codes)
    except ValueError:
        return None, "unreadable"
    written = strict_json.dump(told)
    return (told, None) if len(written) <= LONGEST else (written[:LONGEST], "too_large")


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whether what has this name is a secret."""
    return bool(_SECRET_NAME.search(name))


def _read(raw: bytes | str, media_type: str, *, codes: bool) -> Any:
    """A body without its secrets; raises ``ValueError`` for one that is not in the format of ``media_type``."""
    if media_type != FORM_TYPE:
        return _shown(strict_json.parse(raw), codes=codes, depth=0)
    pairs = _pairs(raw if isinstance(raw, str) else raw.decode())
    if not all(_PLAIN_NAME.fullmatch(name) for name, _ in pairs):
        raise ValueError("no form")
    return _fields(pairs)


def _shown(value: Any, *, codes: bool, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    match value:
        case dict():
            return {
                text(name): _member(name, member, codes=codes, depth=depth + 1)
                for name, member in value.items()
            }
        case list():
            return [_shown(element, codes=codes, depth=depth + 1) for element in value]
        case str():
            return text(value)
    return value


def _member(name: str, value: Any, *, codes: bool, depth: int) -> Any:
    if value is not None and (is_secret(name) or (codes and name == "code")):
        return MASK
    return _shown(value, codes=codes, depth=depth)


def _pairs(raw: str) -> list[tuple[str, str]]:
    return parse_qsl(raw, keep_blank_values=True)


def _fields(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """The values by name, several in a list. A name that is none may be a secret that was sent without one."""
    told: dict[str, list[str]] = {}
    for sent, value in pairs:
        is_name = _PLAIN_NAME.fullmatch(sent)
        name = text(sent) if is_name else MASK
        shown = MASK if not is_name or name == "code" or is_secret(name) else text(value)
        told.setdefault(name, []).append(shown)
    return {name: shown[0] if len(shown) == 1 else shown for name, shown in told.items()}


def _url(value: str) -> str:
    """A URL with the secrets in its query and its fragment masked."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return MASK
    return parts._replace(query=_as_sent(parts.query), fragment=_as_sent(parts.fragment)).geturl()


def _as_sent(raw: str) -> str:
    """A query, or a fragment that is like one, as it was sent but for the secrets in it."""
    return "&".join(map(_pair, raw.split("&")))


def _pair(raw: str) -> str:
    name, equals, _ = raw.partition("=")
    hides = equals and (name == "code" or is_secret(unquote(name)))
    return f"{name}={MASK}" if hides else text(raw)
