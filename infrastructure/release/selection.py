"""Which release an update puts into service: the live one, one that was made before, another stack's, or a new one."""

from infrastructure import get_image_tag
from infrastructure.errors import DeployError
from infrastructure.release.origin import Origin, origin
from infrastructure.release.release import Deployed, Entry, Release
from infrastructure.release.table_form import FIRST
from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.permissions import Permissions
from infrastructure.stack.settings import Settings


def select_release(
    settings: Settings, deployed: Deployed, *, keep_image: bool = False, force: bool = False
) -> Release:
    """The release that a deploy puts into service.

    Where the content of the image is that of the live release, it is the live release. Where an update pushed
    this content and failed afterwards, it is what that update pushed; where a release that the stack keeps had
    it, it is that release. Otherwise, and with ``force``, it is a new one; so it is where the state knows of no
    image any more, for a repository that is still there would refuse another one under the same tag. ``keep_image``
    keeps the live release whatever the tree holds, and so does, unless forced, a stack whose images come by
    promotion. Raises ``DeployError`` when a source is missing, or when there is no release to keep.
    """
    try:
        base = base_image(settings)
        if keep_image or (settings.image_by_promotion and not force):
            return _current_release(settings, deployed, base)
        content = get_image_tag.content_hash(base, settings.platform)
        tags = (deployed.tag, deployed.pushed, *(entry.tag for entry in deployed.entries))
        known = [tag for tag in tags if tag]
        same = [tag for tag in known if get_image_tag.has_content(tag, content) and deployed.has_image(tag)]
        made = None if force else next(iter(same), None)
        tag = made or get_image_tag.image_tag(content, max(known, default=None))
        inputs = get_image_tag.inputs(base, settings.platform)
    except get_image_tag.SourceError as error:
        raise DeployError(
            f"The image cannot be made: {error}.", "Bring it back, for example with git."
        ) from error
    origins: dict[str | None, Origin | None] = {entry.tag: entry.origin for entry in deployed.entries}
    origins |= {deployed.pushed: deployed.pushed_origin} | {deployed.tag: deployed.origin}
    entry = deployed.entry(tag)
    return Release(
        tag,
        origins.get(tag) or origin(),
        base,
        to_build=not made,
        permissions=_permissions(settings),
        inputs=inputs,
        before=deployed,
        promoted_from=entry.promoted_from if entry else "",
    )


def base_image(settings: Settings) -> str:
    """The base image of the stack's images: its setting, else on a local stack what set-up decided on, else the
    Dockerfile's; with its digest where the settings have one. Raises ``get_image_tag.SourceError`` where the Dockerfile
    names none."""
    if settings.local and not settings.base_image:
        return get_image_tag.recorded_base_image()
    image = settings.base_image or get_image_tag.default_base_image()
    return f"{image}@{settings.base_image_digest}" if settings.base_image_digest else image


def promoted_release(settings: Settings, entry: Entry, source: str, deployed: Deployed) -> Release:
    """The release ``entry`` of the stack ``source``, as one of the stack of ``settings``, which is as ``deployed``.
    Raises ``DeployError`` when the stack has a function that is not in the release."""
    return Release(
        entry.tag,
        entry.origin,
        base_image="",
        to_build=False,
        permissions=_permissions(settings, entry),
        inputs=entry.inputs,
        before=deployed,
        promoted_from=source,
        to_copy=True,
        form=entry.form,
    )


def _current_release(settings: Settings, deployed: Deployed, base_image: str) -> Release:
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
        permissions=_permissions(settings, entry),
        inputs=entry.inputs if entry else {},
        before=deployed,
        promoted_from=entry.promoted_from if entry else "",
        form=entry.form if entry else FIRST,
    )


def _permissions(settings: Settings, entry: Entry | None = None) -> dict[str, Permissions]:
    """What every function may do, by name: as recorded with the release ``entry``, else as the route table says. Raises
    ``DeployError`` for a function that is not in the release."""
    declared = {spec.name: spec.permissions for spec in function_specs(settings)}
    if not entry or not entry.permissions:
        return declared
    if later := sorted(declared.keys() - entry.permissions.keys()):
        raise DeployError(
            f"Release {entry.tag} has no code for {', '.join(later)}, which came later.",
            f"Put a release into service that has it, or check out {entry.commit} for this.",
        )
    return {name: entry.permissions[name] for name in declared}
