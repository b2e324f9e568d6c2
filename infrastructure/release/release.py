"""What a release is, and which ones a stack knows.

What it knows is read from the stack's own state, through the engine that is deploying: its outputs change only
when an update has succeeded, so they name the last release that went into service; the image in the state may be
newer, when an update pushed it and failed afterwards.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

import pulumi

from infrastructure.release.origin import Origin
from infrastructure.release.state import IMAGE, StackState
from infrastructure.stack.permissions import Permissions

_IMAGES = "psn-emulator:image:Images"


@dataclass(frozen=True, slots=True)
class Entry:
    """A release that the stack keeps, as the output ``releases`` lists it.

    ``since`` is when it first went live on this stack, an RFC 3339 time in UTC. ``versions`` are the published
    versions that it runs, by function name, ``inputs`` what its tag is a hash of, as
    ``get_image_tag.inputs`` gives it. ``promoted_from`` is the stack that its image came from, empty where it was
    built for this one. ``permissions`` are what its functions may do; empty where an older program wrote it.
    """

    tag: str
    version: str
    commit: str
    dirty: bool
    since: str
    image_uri: str
    versions: Mapping[str, str]
    inputs: Mapping[str, str]
    promoted_from: str = ""
    permissions: Mapping[str, Permissions] = field(default_factory=dict)

    @classmethod
    def from_output(cls, value: Mapping[str, Any]) -> Self:
        """The entry that ``as_output`` made ``value`` of."""
        written = value.get("permissions") or {}
        read = {name: Permissions.from_output(item) for name, item in written.items()}
        return cls(**{**value, "permissions": read})

    def as_output(self) -> dict[str, Any]:
        """The entry as an item of the stack's output."""
        return asdict(self) | {
            "versions": dict(self.versions),
            "inputs": dict(self.inputs),
            "permissions": {name: item.as_output() for name, item in self.permissions.items()},
        }

    def of_functions(self, functions: Collection[str]) -> Self:
        """The entry with its versions of these functions only."""
        return replace(self, versions={name: one for name, one in self.versions.items() if name in functions})

    @property
    def origin(self) -> Origin:
        """Where the release comes from."""
        return Origin(self.version, self.commit, self.dirty)

    def outputs(self) -> dict[str, Any]:
        """The outputs of a stack that say that this release is live."""
        return {"image_tag": self.tag, "image_uri": self.image_uri, "release": self.origin.as_output()}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the stack's state knows: the release in service and the tag and origin of the image pushed last, if any,
    the releases it keeps, the one deployed last first, the public keys that were noted (``storage.Storage``), the
    functions of the release deployed last, and the provider, by its reference, that pushed the image; empty where
    the engine does not tell it."""

    tag: str | None = None
    origin: Origin | None = None
    pushed: str | None = None
    entries: tuple[Entry, ...] = ()
    pushed_origin: Origin | None = None
    public_jwks: Mapping[str, str] = field(default_factory=dict)
    functions: Collection[str] = ()
    image_provider: str = ""

    @classmethod
    def from_state(cls, state: StackState) -> Self:
        """What ``state`` knows of the stack's releases."""
        live = state.outputs.get("release")
        image = next(iter(state.of_type(IMAGE).values()), {})
        name = (image.get("outputs") or {}).get("imageName")
        pushed = name.rsplit(":", 1)[1] if name else None
        images = next(iter(state.of_type(_IMAGES).values()), {})
        built = (images.get("outputs") or {}).get("built") or {}
        return cls(
            tag=state.outputs.get("image_tag"),
            origin=Origin.from_output(live) if live else None,
            pushed=pushed,
            pushed_origin=Origin.from_output(built) if pushed and built.get("tag") == pushed else None,
            entries=tuple(Entry.from_output(item) for item in state.outputs.get("releases") or ()),
            public_jwks=state.outputs.get("public_jwks") or {},
            functions=tuple(state.outputs.get("function_names") or ()),
            image_provider=image.get("provider", ""),
        )

    def entry(self, tag: str | None) -> Entry | None:
        """What is kept of the release ``tag``."""
        return next((entry for entry in self.entries if entry.tag == tag), None)

    def before(self, tag: str | None) -> Entry | None:
        """The release that was deployed last before the release ``tag``; the last one where that is not kept."""
        tags = [entry.tag for entry in self.entries]
        place = tags.index(tag) + 1 if tag in tags else 0
        return next(iter(self.entries[place:]), None)

    def has_image(self, tag: str | None) -> bool:
        """Whether the stack's repository holds the image of its release ``tag``: a promotion brought it there, or
        the state knows the image built last, which none of the releases built before it is without."""
        entry = self.entry(tag)
        return self.pushed is not None or bool(entry and entry.promoted_from)


@dataclass(frozen=True, slots=True)
class Release:
    """A release to put into service. ``to_build`` says that its image is still to be made, ``to_copy`` that it is
    still to be brought from the stack ``promoted_from``; ``inputs`` are what its tag is a hash of, ``permissions``
    what its code is made to do, by function."""

    tag: str
    origin: Origin
    base_image: str
    to_build: bool
    permissions: Mapping[str, Permissions]
    inputs: Mapping[str, str] = field(default_factory=dict)
    before: Deployed = Deployed()
    promoted_from: str = ""
    to_copy: bool = False

    def entries(self, image_uri: str, versions: Mapping[str, str], keep: int) -> list[Entry]:
        """The releases to keep once this one is live with ``versions``: it, and the last ones before it, ``keep``
        in all.

        A release that was kept already has one entry still, which knows since when; it comes first, unless it
        was live before and thus stays where it is. A function that was gone before this release is a new one now: the
        others' versions of it are forgotten.
        """
        known = self.before.entry(self.tag)
        since = known.since if known else datetime.now(UTC).isoformat(timespec="seconds")
        entry = Entry(
            self.tag,
            **asdict(self.origin),
            since=since,
            image_uri=image_uri,
            versions=versions,
            inputs=self.inputs,
            promoted_from=self.promoted_from,
            permissions=self.permissions,
        )
        kept = [item.of_functions(self.before.functions) for item in self.others(keep)]
        place = self.before.entries.index(known) if known and self.tag == self.before.tag else 0
        return [*kept[:place], entry, *kept[place:]]

    def others(self, keep: int) -> list[Entry]:
        """The releases to keep beside this one, ``keep`` in all with it: first the one that ran until now, to which
        this one gives way when it fails the probe or is rolled back, then the last ones before it.

        One whose permissions are not known has lost its roles and cannot run again.
        """
        others = [item for item in self.before.entries if item.tag != self.tag and item.permissions]
        return sorted(others, key=lambda item: item.tag != self.before.tag)[: keep - 1]

    def permission_sets(self, function: str, keep: int) -> list[Permissions]:
        """The permissions that a function has in this release and in ``others``, each set once."""
        releases = [self.permissions, *(item.permissions for item in self.others(keep))]
        return list(dict.fromkeys(item[function] for item in releases if function in item))


def deployed() -> Deployed:
    """What the state of the stack that is being deployed knows of it; nothing on its first deploy."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name})
    return Deployed.from_state(StackState(answer.value["outputs"]))
