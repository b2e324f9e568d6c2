"""A review as the comment of a pull request: what to take care of first, the rest to unfold."""

import re
from collections.abc import Iterator

from infrastructure.release.state import short_type
from infrastructure.review.changes import Operation, summary
from infrastructure.review.grouping import Fold, named
from infrastructure.review.review import Group, Review, Succession, Version

_LONGEST_COMMENT = 65_000
"""What GitHub takes is 65,536 characters."""

_MARKS: dict[Operation, str] = {"create": "+", "update": "!", "replace": "!", "delete": "-"}
"""By what GitHub colours a line of a ``diff`` block."""


def comment(review: Review) -> str:
    """The comment, in GitHub's Markdown.

    Its first line is a mark for the stack, invisible to readers, by which a workflow finds the comment that it
    wrote before and replaces it. What would not fit into a comment is left out, and said to be.
    """
    whole = "\n".join(_lines(review, details=True))
    return whole if len(whole) <= _LONGEST_COMMENT else "\n".join(_lines(review, details=False))


def _lines(review: Review, *, details: bool) -> Iterator[str]:
    yield f"<!-- psn-emulator preview of {review.stack} -->"
    yield f"### {_code(review.stack)}: {summary(review.counts, done=False)}"
    if not review.changes:
        return
    yield from _warnings(review.warnings)
    if review.release:
        yield from _release(review.release, details=details)
    for group in review.groups:
        yield from _group(group, details=details)
    if not details:
        yield ""
        yield f"The values do not fit into a comment: {_code(f'make preview STACK={review.stack}')} shows them."


def _warnings(folds: list[Fold]) -> Iterator[str]:
    if not folds:
        return
    loses = any(fold.consequence and fold.consequence.severity == "loses" for fold in folds)
    yield ""
    yield "> [!CAUTION]" if loses else "> [!WARNING]"
    for fold in folds:
        names = ", ".join(_code(name) for name in fold.names)
        forced = [f", because of {_code(str(place))}" for place in fold.places if place.replaces]
        text = (fold.consequence.text if fold.consequence else "") + "".join(forced)
        yield f"> - **{fold.operation}** {_code(short_type(fold.type))} {names}: {text}"


def _release(release: Succession, *, details: bool) -> Iterator[str]:
    yield ""
    if release.before is None:
        yield f"First release {_version(release.after)}"
    elif release.before.tag == release.after.tag:
        yield f"Release {_version(release.after)} stays"
    else:
        yield f"Release {_version(release.before)} → {_version(release.after)}"
    marked = release.sources.marked if release.sources else []
    if marked:
        files = [f"{_MARKS[operation]} {name}" for operation, name in marked if details]
        yield from _details(f"sources: {len(marked)} changed", files)
    if release.comparison:
        yield _code(release.comparison)
    if release.access:
        changes = [f"{_MARKS[access.operation]} {access}" for access in release.access]
        yield from _details(f"permissions: {len(changes)} changed", changes)


def _group(group: Group, *, details: bool) -> Iterator[str]:
    content = [line for fold in group.folds for line in _fold(fold, details=details)]
    yield from _details(f"{group.name}: {summary(group.counts, done=False)}", content)


def _fold(fold: Fold, *, details: bool) -> Iterator[str]:
    yield f"{_MARKS[fold.operation]} {fold.operation} {fold.title}"
    for place in fold.places if details else ():
        some = f"  ({named(place.names)})" if place.names != fold.names else ""
        forced = "  (replaces it)" if place.replaces else ""
        yield f"    {place.path}{forced}{some}"
        yield from (
            f"{mark}     {value}" for mark, value in (("-", place.before), ("+", place.after)) if value
        )


def _details(title: str, content: list[str]) -> Iterator[str]:
    """Lines to unfold, in a block that none of them can end."""
    fence = "`" * max(3, 1 + _longest_run("\n".join(content)))
    yield ""
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield f"{fence}diff"
    yield from content
    yield fence
    yield ""
    yield "</details>"


def _version(version: Version) -> str:
    return f"{_code(version.tag)} ({_code(version.label)})"


def _code(text: str) -> str:
    """The text as code, which nothing in it can end (CommonMark 0.31, section 6.1)."""
    fence = "`" * (1 + _longest_run(text))
    padding = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _longest_run(text: str) -> int:
    """How many backticks follow one another in it at most."""
    return max(map(len, re.findall("`+", text)), default=0)
