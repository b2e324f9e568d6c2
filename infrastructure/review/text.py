"""A review as lines for a terminal, or for a log: what to take care of and the count come last, where the eye is."""

from collections.abc import Iterator

from infrastructure.review.changes import SYMBOLS, Operation, summary
from infrastructure.review.grouping import Fold, named
from infrastructure.review.review import Review, Succession

STYLES: dict[Operation, str] = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}

type Line = tuple[str, str]
"""A line and the style in which a terminal shows it."""


def lines(review: Review) -> Iterator[Line]:
    """The review's lines; a single one where nothing changes."""
    if review.changes:
        yield from _release(review.release)
        for group in review.groups:
            yield f"{group.name}  {summary(group.counts, done=False)}", "bold"
            for fold in group.folds:
                yield from _fold(fold)
            yield "", ""
        yield from _warnings(review.warnings)
    yield f"{review.stack}: {summary(review.counts, done=False)}", "bold"


def _release(release: Succession | None) -> Iterator[Line]:
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
        for operation, name in release.sources.marked:
            yield f"  {SYMBOLS[operation]} {name}", STYLES[operation]
    if release.comparison:
        yield f"  {release.comparison}", "dim"
    yield "", ""
    if release.access:
        yield "permissions", "bold"
        for access in release.access:
            yield f"  {SYMBOLS[access.operation]} {access}", STYLES[access.operation]
        yield "", ""


def _fold(fold: Fold) -> Iterator[Line]:
    yield f"  {SYMBOLS[fold.operation]} {fold.title}", STYLES[fold.operation]
    for place in fold.places:
        some = f"  ({named(place.names)})" if place.names != fold.names else ""
        forced = "  (replaces it)" if place.replaces else ""
        yield f"      {place}{forced}{some}", ""


def _warnings(folds: list[Fold]) -> Iterator[Line]:
    if not folds:
        return
    yield "take care", "bold red"
    for fold in folds:
        yield f"  {SYMBOLS[fold.operation]} {fold.title}", STYLES[fold.operation]
        yield f"      {fold.warning}", ""
    yield "", ""
