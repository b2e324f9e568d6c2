"""CONTRIBUTING's way to a new route, taken as it is written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(
    r"(?:[Ii]n\s`(?P<changed>[^`]+)`,\s(?P<where>above|after)\s+`(?P<line>[^`]+)`|"
    r"A\snew\sfile,\s+`(?P<new>[^`]+)`):\n\n```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One block of the recipe: a new file, or lines to be put ``where``, above or after ``line``."""

    path: str
    text: str
    where: str = ""
    line: str = ""

    def take(self, tree: Path) -> None:
        """Does in ``tree`` what the step says."""
        file = tree / self.path
        if not self.line:
            assert not file.exists(), f"{self.path} is there already"
            file.write_text(self.text)
            return
        before = file.read_text()
        assert before.count(f"{self.line}\n") == 1, f"{self.line!r} stands {before.count(self.line)} times"
        both = (self.text, f"{self.line}\n") if self.where == "above" else (f"{self.line}\n", self.text)
        file.write_text(before.replace(f"{self.line}\n", "".join(both)))


def steps(contributing: Path) -> list[Step]:
    """The steps of the recipe, in order."""
    return list(_steps(contributing.read_text().partition("## A new route")[2]))


def _steps(text: str) -> Iterator[Step]:
    for match in _STEP.finditer(text):
        path = match["new"] or match["changed"]
        yield Step(path, match["text"], match["where"] or "", match["line"] or "")
