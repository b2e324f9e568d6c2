"""What a reviewer is told of a change before it is made: which release, from which files, what becomes of what."""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from infrastructure.get_image_tag import BUILD_ARGUMENTS
from infrastructure.release.origin import Origin
from infrastructure.release.release import Release
from infrastructure.review.changes import Change, Operation
from infrastructure.review.grouping import Fold, by, folded
from infrastructure.stack.permissions import Permissions

_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class Sources:
    """What differs in the content of two releases: sorted paths, and names of build arguments."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: Mapping[str, str], after: Mapping[str, str]) -> Self:
        """The differences of two releases' ``inputs``."""
        both = before.keys() & after.keys()
        return cls(
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(name for name in both if before[name] != after[name])),
            removed=tuple(sorted(before.keys() - after.keys())),
        )

    @property
    def marked(self) -> list[tuple[Operation, str]]:
        """Every name with what became of it, sorted by name."""
        parts: tuple[tuple[Operation, tuple[str, ...]], ...] = (
            ("create", self.added),
            ("update", self.changed),
            ("delete", self.removed),
        )
        return sorted(((operation, name) for operation, names in parts for name in names), key=lambda m: m[1])


@dataclass(frozen=True, slots=True)
class Access:
    """A permission that a function gains (``create``) or loses (``delete``)."""

    operation: Operation
    function: str
    permission: str

    @classmethod
    def between(cls, before: Mapping[str, Permissions], after: Mapping[str, Permissions]) -> list[Self]:
        """The differences of two releases' permissions, by function."""
        found = []
        for name in sorted(before.keys() | after.keys()):
            had, has = (some.get(name, Permissions()).named for some in (before, after))
            found += [cls("create", name, permission) for permission in sorted(has - had)]
            found += [cls("delete", name, permission) for permission in sorted(had - has)]
        return found

    def __str__(self) -> str:
        return f"{self.function}: {self.permission}"


@dataclass(frozen=True, slots=True)
class Version:
    """A release by its names: its tag, and where it comes from."""

    tag: str
    origin: Origin

    @property
    def label(self) -> str:
        """The version, commit and dirty mark that people know it by."""
        return self.origin.label

    def as_json(self) -> dict[str, Any]:
        """The release as JSON-ready values."""
        return {"tag": self.tag, "label": self.label, **asdict(self.origin)}


@dataclass(frozen=True, slots=True)
class Succession:
    """The release that serves, ``None`` before the first, the one that is to follow it, and how they differ.

    ``sources`` is ``None`` where the stack does not know of what content the release was that serves, ``access``
    empty where it does not know what that release may do.
    """

    before: Version | None
    after: Version
    sources: Sources | None
    access: tuple[Access, ...] = ()

    @classmethod
    def of(cls, chosen: Release) -> Self:
        """What it means to put ``chosen`` into service."""
        live = chosen.before
        entry = live.entry(live.tag)
        known = entry.permissions if entry else {}
        return cls(
            before=Version(live.tag, live.origin) if live.tag and live.origin else None,
            after=Version(chosen.tag, chosen.origin),
            sources=Sources.between(entry.inputs, chosen.inputs) if entry else None,
            access=tuple(Access.between(known, chosen.permissions)) if known else (),
        )

    @property
    def comparison(self) -> str:
        """The command that shows the changed lines, of many files by their folders; empty where git does not know
        the release that serves."""
        names = (
            [name for _, name in self.sources.marked if name not in BUILD_ARGUMENTS] if self.sources else []
        )
        if not names or not self.before or not self.before.origin.commit or self.before.origin.dirty:
            return ""
        if len(names) > _MOST_NAMES:
            names = sorted({name.partition("/")[0] for name in names})
        return f"git diff {self.before.origin.commit[:12]} -- {shlex.join(names)}"

    def as_json(self) -> dict[str, Any]:
        """Both releases, the sources and the permissions as JSON-ready values."""
        return {
            "before": self.before.as_json() if self.before else None,
            "after": self.after.as_json(),
            "sources": asdict(self.sources) if self.sources else None,
            "permissions": [asdict(access) for access in self.access],
        }


@dataclass(frozen=True, slots=True)
class Group:
    """The changes that are about one thing, such as ``storage``."""

    name: str
    counts: Counter[Operation]
    folds: tuple[Fold, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """All that a reviewer is told. ``release`` is ``None`` where no release is put into service."""

    stack: str
    changes: tuple[Change, ...]
    release: Succession | None = None

    @property
    def counts(self) -> Counter[Operation]:
        """How many resources each operation touches."""
        return Counter(change.operation for change in self.changes)

    @property
    def groups(self) -> list[Group]:
        """The changes by what they are about, in the order of the names."""
        return [
            Group(name, Counter(change.operation for change in changes), tuple(folded(changes)))
            for name, changes in by(self.changes, "group").items()
        ]

    @property
    def warnings(self) -> list[Fold]:
        """What is replaced or deleted and not without harm, what loses something first."""
        return [
            fold
            for severity in ("loses", "interrupts")
            for group in self.groups
            for fold in group.folds
            if fold.consequence and fold.consequence.severity == severity
        ]

    def as_json(self) -> dict[str, Any]:
        """The review as JSON-ready values, nothing folded."""
        return {
            "stack": self.stack,
            "summary": dict(self.counts),
            "release": self.release.as_json() if self.release else None,
            "changes": [change.as_json() for change in self.changes],
        }
