"""Promotes a release from one stack to another: copies its very image, and does not build its source again."""

from dataclasses import dataclass

from infrastructure.automation import workspace
from infrastructure.cloud import probe, registry
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed, Entry
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display


@dataclass(frozen=True, slots=True)
class Promotion:
    """The release ``entry`` of the stack ``source`` and the digest of its image, for the stack ``target``."""

    source: Settings
    target: Settings
    entry: Entry
    digest: str

    def copy_image(self) -> None:
        """Copies the image to the target's repository; on this machine, into Docker too. Raises ``DeployError``."""
        with display.progress(
            f"Copying the image {self.entry.tag} from {self.source.stack}", self.digest
        ) as step:

            def sent(done: int, total: int) -> None:
                step.detail = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"

            registry.copy_image(self.entry.tag, self.digest, self.source, self.target, sent)
            registry.fetch_image(self.target, self.entry.tag)


def plan_promotion(
    source: Settings, target: Settings, tag: str | None = None, *, may_start: bool = True
) -> Promotion:
    """The promotion of the release that ``source`` runs, or of the one that it keeps under ``tag``, to ``target``.

    Raises ``DeployError`` when the stacks are the same, when the release or its image is not there, when its image is
    for another processor than the target's, and when the API of ``source`` does not answer as it must. The local AWS of
    a ``source`` on this machine has to run unless this ``may_start`` it.
    """
    if source.stack == target.stack:
        raise DeployError(
            "A promotion is from one stack to another.", "Name both: make promote FROM=dev TO=staging"
        )
    if source.platform != target.platform:
        raise DeployError(
            f"The image of {source.stack!r} is for {source.platform}, "
            f"the functions of {target.stack!r} are {target.platform}.",
            "Give both stacks the same psn-emulator:architecture.",
        )
    if source.local != target.local:
        raise DeployError(
            f"Of {source.stack!r} and {target.stack!r} one is on this machine, "
            "whose images may stand on another base than AWS's.",
            "Promote between stacks on AWS: make deploy STACK=dev, then make promote FROM=dev TO=staging",
        )
    state = workspace.read_state(source)
    entry = _select_entry(source.stack, Deployed.from_state(state), tag)
    if may_start:
        readiness.prepare_aws(source)
    digest = registry.image_digest(source, entry.tag)
    if digest is None:
        raise DeployError(
            f"The image of release {entry.tag} is not in the repository of stack {source.stack!r}.",
            f"Make the release anew, then promote that: make deploy STACK={source.stack} FORCE=1",
        )
    if failed := probe.failed(probe.probe(state.outputs)):
        raise DeployError(
            f"Stack {source.stack!r} does not answer as it must: {probe.describe(failed)}.",
            probe.remedy(failed, source.stack),
        )
    return Promotion(source, target, entry, digest)


def _select_entry(stack: str, deployed: Deployed, tag: str | None) -> Entry:
    selected = tag or deployed.tag
    entry = deployed.entry(selected)
    if entry is None:
        raise DeployError(
            f"Stack {stack!r} keeps no release {selected}."
            if selected
            else f"Stack {stack!r} runs no release.",
            f"It keeps {', '.join(item.tag for item in deployed.entries)}."
            if deployed.entries
            else f"Deploy it first: make deploy STACK={stack}",
        )
    return entry
