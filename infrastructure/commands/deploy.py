"""The commands that put a release into service, and the preview of them."""

from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from infrastructure.automation import targets, updates, workspace
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.automation.updates import Deployed
from infrastructure.cloud import drift, probe, versions
from infrastructure.cloud.probe import Check
from infrastructure.commands import description, readiness, rollback
from infrastructure.commands.promote import Promotion
from infrastructure.errors import DeployError
from infrastructure.program.stack import declare_stack
from infrastructure.release import release, selection
from infrastructure.release.state import ALIAS, StackState
from infrastructure.review.changes import ChangeLog, summary
from infrastructure.review.review import ReleaseChange, Review
from infrastructure.stack import function_specs
from infrastructure.stack.loading import load_seed
from infrastructure.stack.seeds import Seed
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.terminal.engine_progress import EngineProgress
from infrastructure.terminal.phases import Phases


@dataclass(frozen=True, slots=True)
class Request:
    """What a deploy is asked to do.

    ``infrastructure_only`` leaves the deployed image, ``image_only`` leaves all but the image and what follows
    from it. ``force`` makes a new release of the same content, ``refresh`` reads the cloud back first.
    ``promotion`` says that the release is another stack's.
    """

    settings: Settings
    infrastructure_only: bool = False
    image_only: bool = False
    force: bool = False
    refresh: bool = False
    promotion: Promotion | None = None

    @property
    def kind(self) -> str:
        """What the history calls it."""
        if self.promotion:
            return f"promote from {self.promotion.source.stack}"
        return "infrastructure" if self.infrastructure_only else "image" if self.image_only else "deploy"


def deploy(request: Request) -> Deployed:
    """Brings the stack to what the tree says and asks it from outside whether it works.

    The release that runs keeps serving until every function of the new one has answered its smoke event. When
    the new one then fails the probe, the release before it goes live again. Where the cloud holds less than the
    state says, the deploy reads it back and repairs it. Raises ``DeployError``.
    """
    phases = Phases()
    settings = request.settings
    seed = _seed_of(settings)
    _check_source_of_image(request)
    with phases.phase("set-up"):
        readiness.ready(settings)
    with (
        workspace.exclusive(settings.stack) as was_cut_off,
        phases.phase("update"),
        drift.looking(settings) as drifted,
        workspace.opened(settings, may_create=True) as stack,
    ):
        before, recovered = workspace.recover(stack, phases)
        if not recovered and (request.refresh or drifted(before)):
            before = workspace.read_back(stack, before, phases=phases)
        outputs, log = _update(stack, request, seed, before, phases)
        with phases.phase("answer"):
            checks = _probe(stack, outputs)
            moved = any(change.type == ALIAS for change in log.changes)
            if probe.failed(checks) and not moved:
                display.say("The API does not answer as it must: reading back what is there and repairing it")
                if not request.promotion:
                    readiness.ready_to_build(settings)
                now = workspace.read_back(stack, stack.state(), phases=phases)
                outputs, log = _update(stack, request, seed, now, phases)
                checks = _probe(stack, outputs)
            if probe.failed(checks):
                _give_up(stack, before, outputs, checks, moved=moved, was_cut_off=was_cut_off)
        if was_cut_off or log.changes or outputs["releases"] != before.outputs.get("releases"):
            versions.retain(settings, stack.state())
            readiness.settle(settings)
    return Deployed(outputs, summary(log.counts(), done=True), phases)


def preview(request: Request) -> Review:
    """What a deploy would change. Builds nothing, starts nothing and writes nothing."""
    settings = request.settings
    seed = _seed_of(settings)
    _check_source_of_image(request)
    first = not workspace.was_deployed(settings)
    with workspace.opened(settings, may_create=first, scratch=first) as stack:
        log = ChangeLog()
        state = stack.state()
        if request.refresh:
            readiness.check_readable(settings, state.accounts)
        chosen = _chosen(request, state)
        if chosen.to_build:
            description.check()
        about = targets.of(settings, state, chosen, image_only=request.image_only)
        with (
            updates.explained(log, f"The preview of {stack.name} failed", settings),
            EngineProgress("preview", transient=True) as progress,
        ):
            stack.preview(
                program=progress.counted(partial(declare_stack, settings, seed, chosen)),
                on_event=updates.both(log.record, progress.record),
                color="never",
                refresh=request.refresh,
                **about,
            )
        return Review(stack.name, tuple(log.changes), ReleaseChange.from_release(chosen))


def _update(
    stack: LeanStack, request: Request, seed: Seed, state: StackState, phases: Phases
) -> tuple[dict[str, object], ChangeLog]:
    """Brings the stack, whose state is ``state``, to the release that was asked for, or leaves every alias
    where it is. Raises ``DeployError``."""
    chosen = _chosen(request, state)
    if chosen.to_build and description.write():
        chosen = _chosen(request, state)
    try:
        return updates.up(
            stack,
            partial(declare_stack, stack.settings, seed, chosen, partial(_provide_image, request, phases)),
            updates.message(chosen.tag, request.kind),
            f"The deploy of {stack.name} failed",
            phases=phases,
            **targets.of(stack.settings, state, chosen, image_only=request.image_only),
        )
    except DeployError as error:
        raise rollback.put_back(stack, state, error) from error


def _probe(stack: LeanStack, outputs: dict[str, object]) -> tuple[Check, ...]:
    """What the probe finds of the release that these ``outputs`` name. Raises ``DeployError`` where that fails because
    another update has changed the stack meanwhile."""
    checks = probe.probe(outputs)
    if probe.failed(checks):
        state = stack.state()
        if state.outputs != outputs:
            raise DeployError(
                f"Another update has changed the stack while {outputs['image_tag']} was probed:"
                f" {release.Deployed.from_state(state).tag} is live.",
                f"It stays live. Whose it is: make history STACK={stack.name}",
            )
    return checks


def _give_up(
    stack: LeanStack,
    before: StackState,
    outputs: dict[str, object],
    checks: tuple[Check, ...],
    *,
    moved: bool,
    was_cut_off: bool,
) -> NoReturn:
    """Ends a deploy whose release fails the probe, where it can with what ran ``before`` it in service again. Always
    raises ``DeployError``.

    It can where this deploy ``moved`` aliases. What ran before may be the same release, with the versions that it had
    then; where a deploy that ``was_cut_off`` had put it into service and not asked it yet, it is the release before.
    """
    tag, previous = str(outputs["image_tag"]), release.Deployed.from_state(before)
    failed = probe.failed(checks)
    remedy = probe.remedy(failed, stack.name)
    display.say(f"{tag} fails the probe at {outputs['api_url']}:")
    for check in checks:
        display.say(f"  {'ok    ' if check.ok else 'failed'}  {check}")
    unproven = was_cut_off and previous.tag == tag
    entry = previous.before(tag) if unproven else previous.entry(previous.tag)
    if not entry:
        raise DeployError(
            f"{tag} fails the probe: {probe.said(failed)}; there is no release to return to.", remedy
        )
    state = stack.state()
    plan = rollback.plan(state, entry)
    if not (plan.moves and (moved or was_cut_off)):
        raise DeployError(
            f"{tag} fails the probe: {probe.said(failed)}.",
            f"{remedy}. The release before it: make rollback STACK={stack.name}",
        )
    what = f"{tag} as it was" if entry.tag == tag else entry.tag
    display.say(f"Returning to {what}")
    kept = tuple(item for item in previous.entries if item is entry or item.tag != tag)
    returned = rollback.carry_out(stack, state, plan, "automatic return", kept)
    readiness.settle(stack.settings)
    again = probe.failed(probe.probe(returned))
    if again:
        remedy = (
            f"{remedy}. What was changed by hand is repaired by: make deploy STACK={stack.name} REFRESH=1"
        )
    what_runs = f"but {probe.said(again)}" if again else "and answers"
    raise DeployError(
        f"{tag} fails the probe: {probe.said(failed)}. {what} is live again, {what_runs}.", remedy
    )


def _provide_image(request: Request, phases: Phases) -> None:
    """Has the registry or Docker ready for the image that the program is about to use."""
    if request.promotion:
        with phases.phase("copy"):
            request.promotion.copy_image()
    else:
        with phases.phase("set-up"):
            readiness.ready_to_build(request.settings)


def _seed_of(settings: Settings) -> Seed:
    """The stack's users and clients. A route that none of them could ever call is refused on a local stack, whose seed
    comes with the tree, and told elsewhere."""
    seed = load_seed(settings)
    if faults := function_specs.ungranted(seed):
        if settings.local:
            raise DeployError(f"{'; '.join(faults)}.", f"Name the scope in seeds/{settings.seed_file}.")
        display.say(f"{settings.seed_file}: {'; '.join(faults)}")
    return seed


def _chosen(request: Request, state: StackState) -> release.Release:
    settings, deployed = request.settings, release.Deployed.from_state(state)
    if request.promotion:
        return selection.promoted(settings, request.promotion.entry, request.promotion.source.stack, deployed)
    return selection.choose(settings, deployed, keep_image=request.infrastructure_only, force=request.force)


def _check_source_of_image(request: Request) -> None:
    """Says that the image stays, where it comes by promotion. Raises ``DeployError`` when only it was asked for."""
    settings = request.settings
    if not settings.image_by_promotion or request.force or request.promotion:
        return
    if request.image_only:
        raise DeployError(
            f"The image of stack {settings.stack!r} comes by promotion.",
            f"Promote one: make promote FROM=… TO={settings.stack}; or FORCE=1 builds one here.",
        )
    display.say(f"The image of stack {settings.stack!r} comes by promotion: the one that runs stays")
