"""What the journal tells of a message: everything but its secrets.

What cannot be read in its own format is left out whole, for a secret in it might not look like one. E-mail addresses
stay: they are the data under test.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from models.journal import Left
from services.emulation import secret_text
from services.emulation.secret_text import MASK, is_secret, text
from utils import strict_json
from utils.http import FORM_TYPE

LONGEST: Final = 16 * 1024
"""How many characters of a body are kept."""
READABLE: Final = 256 * 1024
"""How long a body is read at all."""

_PLAIN_NAME: Final = re.compile(r"[\w.~:\[\]-]{1,64}", re.ASCII)


def headers(sent: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case."""
    folded = ((name.lower(), value) for name, value in sent.items())
    return {name: MASK if is_secret(name) else text(value) for name, value in folded}


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


def _read(raw: bytes | str, media_type: str, *, codes: bool) -> Any:
    """A body without its secrets; raises ``ValueError`` for one that is not in the format of ``media_type``."""
    if media_type != FORM_TYPE:
        told = secret_text.json(strict_json.parse(raw), codes=codes)
        return MASK if isinstance(told, str) else told  # which may be a secret that was sent without a name
    pairs = _pairs(raw if isinstance(raw, str) else raw.decode())
    if not all(_PLAIN_NAME.fullmatch(name) for name, _ in pairs):
        raise ValueError("no form")
    return _fields(pairs)


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
