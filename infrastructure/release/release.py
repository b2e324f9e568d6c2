"""What a release is, and what a stack's state knows of its releases.

A stack's outputs change only when an update has succeeded, so they name the last release that went into service. The
image in its state may be newer, when an update pushed it and failed afterwards.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from infrastructure.release.origin import Origin
from infrastructure.release.state import IMAGE, StackState
from infrastructure.release.table_form import FIRST, FORM
from infrastructure.stack.permissions import Permissions

_IMAGES = "psn-emulator:image:Images"


@dataclass(frozen=True, slots=True)
class Entry:
    """A release that the stack keeps, as the output ``releases`` lists it.

    ``since`` is when it first went live on this stack, an RFC 3339 time in UTC. ``versions`` are the published
    versions that it runs, by function name, ``inputs`` what its tag is a hash of, as
    ``get_image_tag.inputs`` gives it. ``promoted_from`` is the stack that its image came from, empty where it was
    built for this one. ``permissions`` are what its functions may do; empty where an older program wrote it.
    ``form`` is how it keeps what is in the table.
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
    form: int = FIRST

    @classmethod
    def from_output(cls, value: Mapping[str, Any]) -> Self:
        """The entry that ``as_output`` made ``value`` of."""
        outputs = value.get("permissions") or {}
        permissions = {name: Permissions.from_output(item) for name, item in outputs.items()}
        return cls(**{**value, "permissions": permissions, "form": int(value.get("form", FIRST))})

    def as_output(self) -> dict[str, Any]:
        """The entry as an item of the stack's output."""
        return asdict(self) | {
            "versions": dict(self.versions),
            "inputs": dict(self.inputs),
            "permissions": {name: item.as_output() for name, item in self.permissions.items()},
        }

    def of_functions(self, functions: Collection[str]) -> Self:
        """The entry with its versions of these functions only."""
        return replace(
            self, versions={name: self.versions[name] for name in self.versions if name in functions}
        )

    @property
    def origin(self) -> Origin:
        """Where the release comes from."""
        return Origin(self.version, self.commit, self.dirty)

    def outputs(self) -> dict[str, Any]:
        """The outputs by which a stack says that this release is live."""
        return {"image_tag": self.tag, "image_uri": self.image_uri, "release": self.origin.as_output()}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a stack's state knows of its releases: ``tag`` and ``origin`` of the one in service, ``pushed`` and
    ``pushed_origin`` of the image pushed last, if there are any; the ``entries`` that it keeps, the one deployed last
    first; ``functions``, the names of those that were deployed last; the output ``public_jwks``
    (``program.storage.Storage``); and ``image_provider``, the engine's reference of the provider that pushed the image,
    empty where the engine does not tell it."""

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

    @property
    def form(self) -> int:
        """How the release in service keeps what is in the table."""
        live = self.entry(self.tag)
        return live.form if live else FIRST

    def entry(self, tag: str | None) -> Entry | None:
        """The entry of the release ``tag``, if it is kept."""
        return next((entry for entry in self.entries if entry.tag == tag), None)

    def before(self, tag: str | None) -> Entry | None:
        """The release deployed before the release ``tag``, if there is one; the last one where ``tag`` is not kept."""
        tags = [entry.tag for entry in self.entries]
        index = tags.index(tag) + 1 if tag in tags else 0
        return next(iter(self.entries[index:]), None)

    def has_image(self, tag: str | None) -> bool:
        """Whether the image of the release ``tag`` is in the stack's repository: a promotion brought it there, or the
        state has the image built last, and then every release built before it has its image in the repository too."""
        entry = self.entry(tag)
        return self.pushed is not None or bool(entry and entry.promoted_from)


@dataclass(frozen=True, slots=True)
class Release:
    """A release to put into service. ``to_build`` says that its image is still to be built, ``to_copy`` that it is
    still to be copied from the stack ``promoted_from``. ``inputs`` are what its tag is a hash of, ``permissions`` what
    its functions may do, by name, ``before`` is what the stack's state knew before it, and ``form`` how it keeps
    what is in the table."""

    tag: str
    origin: Origin
    base_image: str
    to_build: bool
    permissions: Mapping[str, Permissions]
    inputs: Mapping[str, str] = field(default_factory=dict)
    before: Deployed = Deployed()
    promoted_from: str = ""
    to_copy: bool = False
    form: int = FORM

    def entries(self, image_uri: str, versions: Mapping[str, str], keep: int) -> list[Entry]:
        """The releases to keep when this one is live with these ``versions`` by function: it and ``others``, ``keep``
        in all.

        It comes first, unless it was live before: then it keeps its place. A release that was kept already keeps its
        ``since``. Versions of functions that the stack had no more before this release are left out of the others.
        """
        entry_before = self.before.entry(self.tag)
        since = entry_before.since if entry_before else datetime.now(UTC).isoformat(timespec="seconds")
        entry = Entry(
            self.tag,
            **asdict(self.origin),
            since=since,
            image_uri=image_uri,
            versions=versions,
            inputs=self.inputs,
            promoted_from=self.promoted_from,
            permissions=self.permissions,
            form=self.form,
        )
        kept = [item.of_functions(self.before.functions) for item in self.others(keep)]
        was_live = entry_before and self.tag == self.before.tag
        index = self.before.entries.index(entry_before) if entry_before and was_live else 0
        return [*kept[:index], entry, *kept[index:]]

    def others(self, keep: int) -> list[Entry]:
        """The releases to keep beside this one, ``keep`` in all with it: first the live one, which replaces this one
        when it fails the probe or is rolled back, then those deployed last.

        Releases without recorded permissions are not kept: they have lost their roles and cannot run again.
        """
        others = [item for item in self.before.entries if item.tag != self.tag and item.permissions]
        return sorted(others, key=lambda item: item.tag != self.before.tag)[: keep - 1]

    def permission_sets(self, function: str, keep: int) -> list[Permissions]:
        """The distinct permissions that a function has in this release and in ``others``."""
        releases = [self.permissions, *(item.permissions for item in self.others(keep))]
        return list(dict.fromkeys(item[function] for item in releases if function in item))
