"""Which release a deploy makes: the one that is there, or a new one.

What is there is read from the stack's own state, through the engine that is deploying: its outputs change only
when an update has succeeded, so they name the last release that went into service; the image in the state may be
newer, when an update pushed it and failed afterwards.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import pulumi

from infrastructure import get_image_tag
from infrastructure.errors import DeployError
from infrastructure.origin import Origin, origin
from infrastructure.settings import Settings

STACK = "pulumi:pulumi:Stack"
"""The type of the stack itself, among the resources of its state."""

_IMAGES = "psn-emulator:image:Images"
IMAGE = "docker:index/image:Image"
"""The type of the one image that a stack has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A release that the stack keeps, as the output ``releases`` lists it.

    ``since`` is when it first went live on this stack, an RFC 3339 time in UTC. ``versions`` are the published
    versions that it runs, by function name, ``inputs`` what its tag is a hash of, as
    ``get_image_tag.inputs`` gives it. ``promoted_from`` is the stack that its image came from, empty where it was
    built for this one.
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

    @classmethod
    def from_output(cls, value: Mapping[str, Any]) -> Self:
        """The entry that ``as_output`` made ``value`` of."""
        return cls(**value)

    def as_output(self) -> dict[str, Any]:
        """The entry as an item of the stack's output."""
        return asdict(self) | {"versions": dict(self.versions), "inputs": dict(self.inputs)}

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
    the releases it keeps, the one deployed last first, and the public keys that were noted (``storage.Storage``)."""

    tag: str | None = None
    origin: Origin | None = None
    pushed: str | None = None
    entries: tuple[Entry, ...] = ()
    pushed_origin: Origin | None = None
    public_jwks: Mapping[str, str] = field(default_factory=dict)

    def entry(self, tag: str | None) -> Entry | None:
        """What is kept of the release ``tag``."""
        return next((entry for entry in self.entries if entry.tag == tag), None)

    def has_image(self, tag: str | None) -> bool:
        """Whether the stack's repository holds the image of its release ``tag``: a promotion brought it there, or
        the state knows the image built last, which none of the releases built before it is without."""
        entry = self.entry(tag)
        return self.pushed is not None or bool(entry and entry.promoted_from)


@dataclass(frozen=True, slots=True)
class Release:
    """A release to put into service. ``to_build`` says that its image is still to be made, ``to_copy`` that it is
    still to be brought from the stack ``promoted_from``; ``inputs`` are what its tag is a hash of."""

    tag: str
    origin: Origin
    base_image: str
    to_build: bool
    inputs: Mapping[str, str] = field(default_factory=dict)
    before: Deployed = Deployed()
    promoted_from: str = ""
    to_copy: bool = False

    def entries(self, image_uri: str, versions: Mapping[str, str], keep: int) -> list[Entry]:
        """The releases to keep once this one is live with ``versions``: it, and the last ones before it, ``keep``
        in all.

        A release that was kept already has one entry still, which knows since when; it comes first, unless it
        was live before and thus stays where it is.
        """
        earlier = list(self.before.entries)
        place = next((index for index, item in enumerate(earlier) if item.tag == self.tag), None)
        known = earlier.pop(place) if place is not None else None
        since = known.since if known else datetime.now(UTC).isoformat(timespec="seconds")
        entry = Entry(
            self.tag,
            **asdict(self.origin),
            since=since,
            image_uri=image_uri,
            versions=versions,
            inputs=self.inputs,
            promoted_from=self.promoted_from,
        )
        earlier.insert(place if place is not None and self.tag == self.before.tag else 0, entry)
        newest = earlier[:keep]
        return newest if entry in newest else [*newest[:-1], entry]


def choose(
    settings: Settings, deployed: Deployed, *, keep_image: bool = False, force: bool = False
) -> Release:
    """The release that a deploy puts into service.

    Where the content of the image is that of the live release, it is the live release. Where an update pushed
    this content and failed afterwards, it is what that update pushed; where a release that the stack keeps had
    it, it is that release. Otherwise, and with ``force``, it is a new one. ``keep_image`` keeps the live release
    whatever the tree holds, and so does, unless forced, a stack whose images come by promotion. Raises
    ``DeployError`` when a source is missing, or when there is no release to keep.
    """
    try:
        base_image = settings.base_image or (
            get_image_tag.recorded_base_image() if settings.local else get_image_tag.default_base_image()
        )
        if keep_image or (settings.image_by_promotion and not force):
            return _kept(settings, deployed, base_image)
        content = get_image_tag.content_hash(base_image, settings.platform)
        tags = (deployed.tag, deployed.pushed, *(entry.tag for entry in deployed.entries))
        made = [tag for tag in tags if tag]
        same = None if force else next((tag for tag in made if get_image_tag.has_content(tag, content)), None)
        tag = get_image_tag.tag_of(content, same or max(made, default=None), force)
        inputs = get_image_tag.inputs(base_image, settings.platform)
    except get_image_tag.SourceError as error:
        raise DeployError(
            f"The image cannot be made: {error}.", "Bring it back, for example with git."
        ) from error
    origins: dict[str | None, Origin | None] = {entry.tag: entry.origin for entry in deployed.entries}
    origins |= {deployed.pushed: deployed.pushed_origin} | {deployed.tag: deployed.origin}
    known = deployed.entry(tag)
    return Release(
        tag,
        origins.get(tag) or origin(),
        base_image,
        to_build=not same or not deployed.has_image(same),
        inputs=inputs,
        before=deployed,
        promoted_from=known.promoted_from if known else "",
    )


def _kept(settings: Settings, deployed: Deployed, base_image: str) -> Release:
    if not (deployed.tag and deployed.origin and deployed.has_image(deployed.tag)):
        raise DeployError(
            f"Stack {settings.stack!r} has no image to keep.",
            f"Bring it one: make promote FROM=… TO={settings.stack}, or FORCE=1 to build one here."
            if settings.image_by_promotion
            else f"Deploy all of it: make deploy STACK={settings.stack}",
        )
    entry = deployed.entry(deployed.tag)
    return Release(
        deployed.tag,
        deployed.origin,
        base_image,
        to_build=False,
        inputs=entry.inputs if entry else {},
        before=deployed,
        promoted_from=entry.promoted_from if entry else "",
    )


def promoted(entry: Entry, source: str, deployed: Deployed) -> Release:
    """The release ``entry`` of the stack ``source``, as a release of the stack that ``deployed`` is of."""
    return Release(
        entry.tag,
        entry.origin,
        base_image="",
        to_build=False,
        inputs=entry.inputs,
        before=deployed,
        promoted_from=source,
        to_copy=True,
    )


def deployed() -> Deployed:
    """What the state of the stack that is being deployed knows of it; nothing on its first deploy."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": name})
    return from_state(answer.value["outputs"])


def from_state(resources: Mapping[str, Mapping[str, Any]]) -> Deployed:
    """What the resources of a state, ``{urn: {"type", "outputs"}}``, know of the stack."""
    found = outputs(resources)
    release = found.get("release")
    image = _outputs(resources, IMAGE).get("imageName")
    pushed = image.rsplit(":", 1)[1] if image else None
    built = _outputs(resources, _IMAGES).get("built") or {}
    return Deployed(
        tag=found.get("image_tag"),
        origin=Origin.from_output(release) if release else None,
        pushed=pushed,
        pushed_origin=Origin.from_output(built) if pushed and built.get("tag") == pushed else None,
        entries=tuple(Entry.from_output(item) for item in found.get("releases") or ()),
        public_jwks=found.get("public_jwks") or {},
    )


def outputs(resources: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The stack's outputs among the resources of its state."""
    return _outputs(resources, STACK)


def _outputs(resources: Mapping[str, Mapping[str, Any]], type_: str) -> Mapping[str, Any]:
    return next((item.get("outputs") or {} for item in resources.values() if item["type"] == type_), {})
