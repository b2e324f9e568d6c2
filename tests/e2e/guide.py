"""The integrators' guide: its snippets and its tables."""

import re
from functools import cache

from tests.support.checkout import ROOT

GUIDE = ROOT / "docs" / "guides" / "integrators.md"

_FENCED = re.compile(r"^```\w+\n(?:#|//) (\w+\.\w+)\b[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)


@cache
def text() -> str:
    """All of it."""
    return GUIDE.read_text(encoding="utf-8")


def snippet(name: str) -> str:
    """The snippet whose first line, a comment, names the file ``name``."""
    code: str = dict(_FENCED.findall(text()))[name]
    return code


def table(first: str) -> list[list[str]]:
    """The cells, without marks of code, of the table whose first column is headed ``first``."""
    for found in _TABLE.findall(text()):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()]
        if rows[0][0] == first:
            return [[cell.replace("`", "") for cell in row] for row in rows[2:]]
    raise LookupError(first)
