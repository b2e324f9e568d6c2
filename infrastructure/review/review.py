"""What a reviewer has to know of an update before it is made: release, sources, permissions, resources."""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from infrastructure.get_image_tag import BUILD_ARGUMENTS
from infrastructure.release.origin import Origin
from infrastructure.release.release import Release
from infrastructure.release.state import SECRET, TABLE, resource_name
from infrastructure.review.changes import Change, Operation
from infrastructure.review.grouping import ChangeGroup, changes_by, group_changes
from infrastructure.stack.permissions import Permissions

_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class SourceChanges:
    """How the image's content differs between two releases: sorted paths and names of build arguments."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: Mapping[str, str], after: Mapping[str, str]) -> Self:
        """Compares two releases by their ``inputs``."""
        both = before.keys() & after.keys()
        return cls(
            added=tuple(sorted(after.keys() - before.keys())),
            changed=tuple(sorted(name for name in both if before[name] != after[name])),
            removed=tuple(sorted(before.keys() - after.keys())),
        )

    @property
    def operations(self) -> list[tuple[Operation, str]]:
        """Each name with its operation, sorted by name."""
        parts: tuple[tuple[Operation, tuple[str, ...]], ...] = (
            ("create", self.added),
            ("update", self.changed),
            ("delete", self.removed),
        )
        return sorted(((operation, name) for operation, names in parts for name in names), key=lambda m: m[1])


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """A permission that a function gains (``create``) or loses (``delete``)."""

    operation: Operation
    function: str
    permission: str

    @classmethod
    def between(cls, before: Mapping[str, Permissions], after: Mapping[str, Permissions]) -> list[Self]:
        """Compares two releases by their permissions; sorted by function."""
        changes = []
        for function in sorted(before.keys() | after.keys()):
            old, new = (permissions.get(function, Permissions()).named for permissions in (before, after))
            changes += [cls("create", function, permission) for permission in sorted(new - old)]
            changes += [cls("delete", function, permission) for permission in sorted(old - new)]
        return changes

    def __str__(self) -> str:
        return f"{self.function}: {self.permission}"


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """What people call a release: its image's tag, and the origin of its content."""

    tag: str
    origin: Origin

    @property
    def label(self) -> str:
        """Version, commit and dirty mark: ``0.1.0+0f3c9e1d2b4a.dirty``."""
        return self.origin.label

    def as_json(self) -> dict[str, Any]:
        """The release as JSON-ready values."""
        return {"tag": self.tag, "label": self.label, **asdict(self.origin)}


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """The release that serves, ``None`` before the first one, the release that follows it, and how they differ.

    ``sources`` is ``None`` and ``permissions`` are empty where the stack's state does not have those of ``before``.
    """

    before: ReleaseName | None
    after: ReleaseName
    sources: SourceChanges | None
    permissions: tuple[PermissionChange, ...] = ()

    @classmethod
    def from_release(cls, release: Release) -> Self:
        """How ``release`` differs from the one that serves before it."""
        live = release.before
        entry = live.entry(live.tag)
        known = entry.permissions if entry else {}
        return cls(
            before=ReleaseName(live.tag, live.origin) if live.tag and live.origin else None,
            after=ReleaseName(release.tag, release.origin),
            sources=SourceChanges.between(entry.inputs, release.inputs) if entry else None,
            permissions=tuple(PermissionChange.between(known, release.permissions)) if known else (),
        )

    @property
    def comparison(self) -> str:
        """The ``git diff`` command that shows the changed lines, by folder for more than ``_MOST_NAMES`` files.

        Empty where no file changed or ``before`` is not a commit.
        """
        names = (
            [name for _, name in self.sources.operations if name not in BUILD_ARGUMENTS]
            if self.sources
            else []
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
            "permissions": [asdict(change) for change in self.permissions],
        }


@dataclass(frozen=True, slots=True)
class Section:
    """The changes of one component of the program, such as ``storage``, and how many each operation has."""

    name: str
    counts: Counter[Operation]
    groups: tuple[ChangeGroup, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """An update of a stack before it is made. ``release`` is ``None`` where it puts no release into service."""

    stack: str
    changes: tuple[Change, ...]
    release: ReleaseChange | None = None

    @property
    def counts(self) -> Counter[Operation]:
        """The number of resources that each operation touches."""
        return Counter(change.operation for change in self.changes)

    @property
    def sections(self) -> list[Section]:
        """The changes by component, sorted by its name."""
        return [
            Section(name, Counter(change.operation for change in changes), tuple(group_changes(changes)))
            for name, changes in changes_by(self.changes, "component").items()
        ]

    @property
    def warnings(self) -> list[ChangeGroup]:
        """The groups whose consequence loses something, then those that interrupt the service."""
        return [
            group
            for severity in ("loses", "interrupts")
            for section in self.sections
            for group in section.groups
            if group.consequence and group.consequence.severity == severity
        ]

    @property
    def refusal(self) -> str:
        """What a deploy says to these changes that stops before the table or a secret is lost; else empty."""
        names = [
            resource_name(change.urn).removesuffix("-secret")
            for change in self.changes
            if change.type in {TABLE, SECRET} and change.operation in {"replace", "delete"}
        ]
        return (
            f"a deploy stops before that, unless it is given REPLACE={','.join(names)}"
            if names and self.release
            else ""
        )

    def as_json(self) -> dict[str, Any]:
        """The review as JSON-ready values, every change on its own."""
        return {
            "stack": self.stack,
            "summary": dict(self.counts),
            "release": self.release.as_json() if self.release else None,
            "changes": [change.as_json() for change in self.changes],
            "refusal": self.refusal,
        }
