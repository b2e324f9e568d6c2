"""Puts a release into service, or shows what that would change."""

from functools import partial

from infrastructure.automation import (
    exclusion,
    last_deploy,
    protection,
    targets,
    update_message,
    updates,
    workspace,
)
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.cloud import drift, probe, versions
from infrastructure.cloud.probe import ProbeResult
from infrastructure.cloud.table_migration import Migration
from infrastructure.commands import (
    automatic_return,
    build_ahead,
    description,
    readiness,
    rollback,
    rotate_keys,
)
from infrastructure.commands.deploy_request import DeployRequest, DeployResult
from infrastructure.errors import DeployError
from infrastructure.program.stack import declare_stack
from infrastructure.release import release, selection
from infrastructure.release.state import ALIAS, StackState
from infrastructure.review.changes import ChangeLog, summary
from infrastructure.review.review import ReleaseChange, Review
from infrastructure.stack import function_specs
from infrastructure.stack.loading import load_seed
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.terminal.engine_progress import EngineProgress
from infrastructure.terminal.phases import Phases
from seeding.seeds import Seed


def deploy(request: DeployRequest) -> DeployResult:
    """Updates the stack to what the tree says, and then probes its API.

    The release that runs keeps serving until every function of the new one has answered its smoke event. When the new
    one fails the probe, the release before it goes live again. Where functions are not as the state says, or an update
    that moved no alias leaves an API that fails the probe, the state is refreshed and the cloud repaired. Raises
    ``DeployError``.
    """
    phases = Phases()
    settings = request.settings
    seed = _seed_of(settings)
    _check_source_of_image(request)
    with phases.phase("set-up"):
        readiness.prepare_deploy(settings)
    with (
        exclusion.exclusive(settings.stack) as was_cut_off,
        phases.phase("update"),
        drift.reading_functions(settings) as drifted,
        workspace.open_stack(settings, may_create=True) as stack,
    ):
        before, recovered = workspace.recover(stack, phases)
        changed_by_hand = [] if recovered else drifted(before)
        if changed_by_hand:
            display.say(
                f"Not as the last deploy left them: {drift.describe(changed_by_hand)}. Reading back what is there"
            )
        if not recovered and (request.refresh or changed_by_hand):
            before = workspace.read_back(stack, before, phases=phases)
        lost = _tell_lost(before)
        outputs, log, made_of, migration = _update(stack, request, seed, before, phases)
        with phases.phase("answer"):
            results = _probe(stack, outputs)
            moved = any(change.type == ALIAS for change in log.changes)
            if probe.failed(results) and not moved:
                display.say("The API does not answer as it must: reading back what is there and repairing it")
                if not request.promotion:
                    readiness.prepare_build(settings)
                now = workspace.read_back(stack, stack.state(), phases=phases)
                lost = lost or _tell_lost(now)
                outputs, log, made_of, migration = _update(stack, request, seed, now, phases)
                results = _probe(stack, outputs)
            if probe.failed(results):
                automatic_return.give_up(
                    stack, before, outputs, results, moved=moved, was_cut_off=was_cut_off
                )
        with phases.phase("update"):
            migration.settle(release.Deployed.from_state(stack.state()).form)
        added = bool(log.changes) and rotate_keys.add_missing_key(stack)
        if added or was_cut_off or log.changes or outputs["releases"] != before.outputs.get("releases"):
            versions.retain(settings, stack.state())
            readiness.persist(settings)
        # Of a key that was added the next deploy tells the functions.
        if request.is_of_the_tree and not added:
            last_deploy.note(settings, made_of)
    return DeployResult(outputs, summary(log.counts(), done=True), phases, lost)


def preview(request: DeployRequest) -> Review:
    """What the deploy would change. Builds, starts and writes nothing. Raises ``DeployError``."""
    settings = request.settings
    seed = _seed_of(settings)
    _check_source_of_image(request)
    first = not workspace.was_deployed(settings)
    with workspace.open_stack(settings, may_create=first, scratch=first) as stack:
        log = ChangeLog()
        state = stack.state()
        protection.require_same_shards(settings, state, request.replaceable)
        if request.refresh:
            readiness.require_aws(settings, state.accounts)
        selected = _select_release(request, state)
        if selected.to_build:
            description.check()
        update_targets = targets.targets_for(settings, state, selected, image_only=request.image_only)
        with (
            updates.translate_errors(log, f"The preview of {stack.name} failed", settings),
            EngineProgress("preview", transient=True) as progress,
        ):
            stack.preview(
                program=updates.traced_briefly(
                    progress.counted(partial(declare_stack, settings, seed, selected))
                ),
                on_event=updates.fan_out(log.record, progress.record),
                color="never",
                refresh=request.refresh,
                **update_targets,
            )
        return Review(stack.name, tuple(log.changes), ReleaseChange.from_release(selected))


def _update(
    stack: LeanStack,
    request: DeployRequest,
    seed: Seed,
    state: StackState,
    phases: Phases,
) -> tuple[dict[str, object], ChangeLog, dict[str, str], Migration]:
    """Updates the stack, whose state is ``state``, to the release that was asked for; its outputs, what changed, the
    ``last_deploy.inputs`` of the update, and the migration of the table that is to be settled. Raises ``DeployError``;
    all aliases are then where they were."""
    protection.require_same_shards(stack.settings, state, request.replaceable)
    protection.apply(stack, state, request.replaceable)
    made_of, selected = _read_tree(request, seed, state)
    if selected.to_build and description.write():
        made_of, selected = _read_tree(request, seed, state)
    migration = Migration(stack.settings)
    migration.prepare(selected.form)
    build_ahead.start(stack.settings, selected)
    try:
        outputs, log = updates.up(
            stack,
            partial(
                declare_stack,
                stack.settings,
                seed,
                selected,
                partial(_provide_image, request, phases),
                request.replaceable,
            ),
            update_message.update_message(selected.tag, request.kind),
            f"The deploy of {stack.name} failed",
            phases=phases,
            **targets.targets_for(stack.settings, state, selected, image_only=request.image_only),
        )
    except DeployError as error:
        raise rollback.restore_aliases(stack, state, error) from error
    return outputs, log, made_of, migration


def _probe(stack: LeanStack, outputs: dict[str, object]) -> tuple[ProbeResult, ...]:
    """The results of probing the release that these ``outputs`` name. Raises ``DeployError`` when they are wrong and
    another update has changed the stack meanwhile."""
    results = probe.probe(outputs)
    if probe.failed(results):
        state = stack.state()
        if state.outputs != outputs:
            raise DeployError(
                f"Another update has changed the stack while {outputs['image_tag']} was probed:"
                f" {release.Deployed.from_state(state).tag} is live.",
                f"It stays live. Whose it is: make history STACK={stack.name}",
            )
    return results


def _tell_lost(state: StackState) -> str | None:
    """The name of the table that the state says was lost, which is told."""
    if state.lost_table:
        display.warn(
            f"The data is gone: there is no table {state.lost_table} any more. A new one is made, empty"
        )
    return state.lost_table


def _provide_image(request: DeployRequest, phases: Phases) -> None:
    """Brings the image of a promotion into the registry, or prepares building the image. Raises ``DeployError``."""
    if request.promotion:
        with phases.phase("copy"):
            request.promotion.copy_image()
    else:
        with phases.phase("set-up"):
            readiness.prepare_build(request.settings)


def _seed_of(settings: Settings) -> Seed:
    """The stack's users and clients. A route whose scope none of them may be granted is refused on a local stack, whose
    seed comes with the tree, by a ``DeployError``, and told elsewhere."""
    seed = load_seed(settings)
    if faults := function_specs.ungranted(seed):
        if settings.local:
            raise DeployError(f"{'; '.join(faults)}.", f"Name the scope in seeds/{settings.seed_file}.")
        display.say(f"{settings.seed_file}: {'; '.join(faults)}")
    return seed


def _read_tree(
    request: DeployRequest, seed: Seed, state: StackState
) -> tuple[dict[str, str], release.Release]:
    """The ``last_deploy.inputs`` of the tree, empty for a request of another content, and the release to bring; in this
    order, for what is saved in between is then for the next deploy to look at."""
    made_of = last_deploy.inputs(request.settings, seed) if request.is_of_the_tree else {}
    return made_of, _select_release(request, state)


def _select_release(request: DeployRequest, state: StackState) -> release.Release:
    settings, deployed = request.settings, release.Deployed.from_state(state)
    if request.promotion:
        return selection.promoted_release(
            settings, request.promotion.entry, request.promotion.source.stack, deployed
        )
    return selection.select_release(
        settings, deployed, keep_image=request.infrastructure_only, force=request.force
    )


def _check_source_of_image(request: DeployRequest) -> None:
    """Says so where the image stays because it comes by promotion. Raises ``DeployError`` for a deploy of the image
    alone."""
    settings = request.settings
    if not settings.image_by_promotion or request.force or request.promotion:
        return
    if request.image_only:
        raise DeployError(
            f"The image of stack {settings.stack!r} comes by promotion.",
            f"Promote one: make promote FROM=… TO={settings.stack}; or FORCE=1 builds one here.",
        )
    display.say(f"The image of stack {settings.stack!r} comes by promotion: the one that runs stays")
