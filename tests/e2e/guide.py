"""The guides for integrators and to sandboxes: their snippets and their tables."""

import re
from functools import cache
from pathlib import Path

from tests.support.checkout import ROOT

GUIDE = ROOT / "docs" / "guides" / "integrators.md"
SANDBOXES = GUIDE.with_name("sandboxes.md")

_FENCED = re.compile(r"^```\w+\n(?:#|//) (\w+\.\w+)\b[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PASTED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)


@cache
def text(guide: Path = GUIDE) -> str:
    """All of a guide, by default that for integrators."""
    return guide.read_text(encoding="utf-8")


def pasted(guide: Path) -> str:
    """What a reader pastes into a shell who follows the guide from its beginning to its end."""
    return "".join(_PASTED.findall(text(guide)))


def snippet(name: str) -> str:
    """The snippet whose first line, a comment, names the file ``name``."""
    code: str = dict(_FENCED.findall(text()))[name]
    return code


def table(first: str, guide: Path = GUIDE) -> list[list[str]]:
    """The cells, without marks of code, of the table whose first column is headed ``first``."""
    for found in _TABLE.findall(text(guide)):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()]
        if rows[0][0].replace("`", "") == first:
            return [[cell.replace("`", "") for cell in row] for row in rows[2:]]
    raise LookupError(first)
