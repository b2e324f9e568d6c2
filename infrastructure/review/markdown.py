"""Renders a review as the comment of a pull request: warnings first, the rest to unfold."""

import re
from collections.abc import Iterator

from infrastructure.release.state import short_type
from infrastructure.review.changes import Operation, summary
from infrastructure.review.grouping import ChangeGroup
from infrastructure.review.review import ReleaseChange, ReleaseName, Review, Section

_LONGEST_COMMENT = 65_000
"""What GitHub takes is 65,536 characters."""

_MARKS: dict[Operation, str] = {"create": "+", "update": "!", "replace": "!", "delete": "-"}
"""How GitHub marks the coloured lines of a ``diff`` block."""


def comment(review: Review) -> str:
    """The comment in GitHub's Markdown, of at most ``_LONGEST_COMMENT`` characters as far as names fit in.

    Its first line is an HTML comment that names the stack, by which a workflow finds the comment to replace. Where
    the whole is too long, files, permissions and values are left out, and the last line says so.
    """
    whole = "\n".join(_lines(review, details=True))
    return whole if len(whole) <= _LONGEST_COMMENT else "\n".join(_lines(review, details=False))


def _lines(review: Review, *, details: bool) -> Iterator[str]:
    yield f"<!-- psn-emulator preview of {review.stack} -->"
    yield f"### {_code(review.stack)}: {summary(review.counts, done=False)}"
    if not review.changes:
        return
    yield from _warnings(review)
    if review.release:
        yield from _release(review.release, details=details)
    for section in review.sections:
        yield from _section(section, details=details)
    if not details:
        yield ""
        yield f"The values do not fit into a comment: {_code(f'make preview STACK={review.stack}')} shows them."


def _warnings(review: Review) -> Iterator[str]:
    groups = review.warnings
    if not groups:
        return
    loses = any(group.consequence and group.consequence.severity == "loses" for group in groups)
    yield ""
    yield "> [!CAUTION]" if loses else "> [!WARNING]"
    for group in groups:
        names = ", ".join(_code(name) for name in group.names)
        forced = [f", because of {_code(str(edit))}" for edit in group.edits if edit.replaces]
        text = (group.consequence.text if group.consequence else "") + "".join(forced)
        yield f"> - **{group.operation}** {_code(short_type(group.type))} {names}: {text}"
    if review.refusal:
        yield f"> - {review.refusal}"


def _release(release: ReleaseChange, *, details: bool) -> Iterator[str]:
    yield ""
    if release.before is None:
        yield f"First release {_release_name(release.after)}"
    elif release.before.tag == release.after.tag:
        yield f"Release {_release_name(release.after)} stays"
    else:
        yield f"Release {_release_name(release.before)} → {_release_name(release.after)}"
    operations = release.sources.operations if release.sources else []
    if operations:
        files = [f"{_MARKS[operation]} {name}" for operation, name in operations if details]
        yield from _details(f"sources: {len(operations)} changed", files)
    if release.comparison:
        yield _code(release.comparison)
    if release.permissions:
        changes = [f"{_MARKS[change.operation]} {change}" for change in release.permissions]
        yield from _details(f"permissions: {len(changes)} changed", changes)


def _section(section: Section, *, details: bool) -> Iterator[str]:
    content = [line for group in section.groups for line in _group(group, details=details)]
    yield from _details(f"{section.name}: {summary(section.counts, done=False)}", content)


def _group(group: ChangeGroup, *, details: bool) -> Iterator[str]:
    yield f"{_MARKS[group.operation]} {group.operation} {group.title}"
    for edit in group.edits if details else ():
        yield f"    {edit.path}{group.remarks(edit)}"
        yield from (f"{mark}     {value}" for mark, value in (("-", edit.before), ("+", edit.after)) if value)


def _details(title: str, content: list[str]) -> Iterator[str]:
    """A section to unfold, whose code fence is longer than any in ``content``."""
    fence = "`" * max(3, 1 + _longest_run("\n".join(content)))
    yield ""
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield f"{fence}diff"
    yield from content
    yield fence
    yield ""
    yield "</details>"


def _release_name(release: ReleaseName) -> str:
    return f"{_code(release.tag)} ({_code(release.label)})"


def _code(text: str) -> str:
    """The text as a code span, longer-fenced than any backticks in it (CommonMark 0.31, section 6.1)."""
    fence = "`" * (1 + _longest_run(text))
    padding = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
