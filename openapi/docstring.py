"""The text of a route: its handler's docstring.

Its first line is the summary, what follows up to ``Answers:`` the description, and below that stands what each status
of a success means::

    Create a player.

    Username and e-mail address are unique in the sandbox, whatever their case.

    Answers:
        201: The player.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openapi.naming import RowError

_ANSWERS = "Answers:"
_ANSWER = re.compile(r"(?P<status>[23]\d\d|503): (?P<text>.+)")


@dataclass(frozen=True, slots=True)
class Text:
    """What a docstring says of a route: ``answers`` maps the status of each success to its meaning."""

    summary: str
    description: str
    answers: Mapping[int, str]


def read(handler: Callable[..., Any]) -> Text:
    """The text in the docstring of ``handler``. Raises :class:`RowError` where it lacks a part."""
    where = f"{handler.__module__}:{handler.__name__}"
    head, _, tail = (inspect.getdoc(handler) or "").partition(f"{_ANSWERS}\n")
    summary, *paragraphs = [" ".join(part.split()) for part in head.split("\n\n") if part.strip()] or [""]
    if not summary:
        raise RowError(f"{where} has no docstring to describe it by")
    answers: dict[int, str] = {}
    status = 0
    for line in filter(None, map(str.strip, tail.splitlines())):
        if match := _ANSWER.fullmatch(line):
            status = int(match["status"])
            answers[status] = match["text"]
        elif status:
            answers[status] += f" {line}"
        else:
            raise RowError(f"{where}: {line!r} under {_ANSWERS} is no status and its meaning")
    if not answers:
        raise RowError(f"the docstring of {where} does not say under {_ANSWERS} what it answers")
    return Text(summary.removesuffix("."), " ".join(paragraphs), answers)
