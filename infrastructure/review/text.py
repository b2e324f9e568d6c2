"""Renders a review for a terminal or a log: warnings and totals at the end."""

from collections.abc import Iterator

from infrastructure.review.changes import SYMBOLS, Operation, summary
from infrastructure.review.grouping import ChangeGroup
from infrastructure.review.review import ReleaseChange, Review

STYLES: dict[Operation, str] = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}

type Line = tuple[str, str]
"""A line, and rich's name of the style in which a terminal shows it."""


def lines(review: Review) -> Iterator[Line]:
    """The lines of the review; only the total where nothing changes."""
    if review.changes:
        yield from _release(review.release)
        for section in review.sections:
            yield f"{section.name}  {summary(section.counts, done=False)}", "bold"
            for group in section.groups:
                yield from _group(group)
            yield "", ""
        yield from _warnings(review)
    yield f"{review.stack}: {summary(review.counts, done=False)}", "bold"


def _release(release: ReleaseChange | None) -> Iterator[Line]:
    if release is None:
        return
    after = f"{release.after.tag} ({release.after.label})"
    if release.before is None:
        yield f"release  {after}, the first", "bold"
    elif release.before.tag == release.after.tag:
        yield f"release  {after} stays", "bold"
    else:
        yield f"release  {release.before.tag} ({release.before.label}) → {after}", "bold"
    if release.sources:
        for operation, name in release.sources.operations:
            yield f"  {SYMBOLS[operation]} {name}", STYLES[operation]
    if release.comparison:
        yield f"  {release.comparison}", "dim"
    yield "", ""
    if release.permissions:
        yield "permissions", "bold"
        for change in release.permissions:
            yield f"  {SYMBOLS[change.operation]} {change}", STYLES[change.operation]
        yield "", ""


def _group(group: ChangeGroup) -> Iterator[Line]:
    yield f"  {SYMBOLS[group.operation]} {group.title}", STYLES[group.operation]
    for edit in group.edits:
        yield f"      {edit}{group.remarks(edit)}", ""


def _warnings(review: Review) -> Iterator[Line]:
    if not review.warnings:
        return
    yield "take care", "bold red"
    for group in review.warnings:
        yield f"  {SYMBOLS[group.operation]} {group.title}", STYLES[group.operation]
        yield f"      {group.warning}", ""
    if review.refusal:
        yield f"  {review.refusal}", "bold red"
    yield "", ""
