"""Puts a release into service again that ran before: points every function's alias at the version that it had then.

Nothing is built, and nothing of the tree is read.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from pulumi.automation import CommandError

from infrastructure.automation import aliases, exclusion, update_message, updates, workspace
from infrastructure.automation.gateway_routes import EarlierRoutes, earlier_routes
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.cloud import probe, session
from infrastructure.cloud.table_migration import Migration
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed, Entry
from infrastructure.release.state import Alias, StackState
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.terminal.phases import Phases


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """A rollback to the release ``entry``. By the names of their functions' specs ``before`` has every alias as it is,
    ``after`` the version that it is to point at. ``unchanged`` names the aliases of functions that the release did not
    have, which stay as they are, ``deleted`` the functions that it had and that the stack has no more."""

    entry: Entry
    before: Mapping[str, Alias]
    after: Mapping[str, str]
    unchanged: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def moves(self) -> dict[str, tuple[str, str]]:
        """The aliases that move, by name: from which version and to which."""
        return {
            name: (alias.version, self.after[name])
            for name, alias in self.before.items()
            if alias.version != self.after[name]
        }


def preview(settings: Settings, tag: str | None) -> RollbackPlan:
    """The plan of a rollback to the release that ``select_target`` selects. Raises ``DeployError`` as that does."""
    state = workspace.read_state(settings)
    return plan_rollback(state, select_target(settings.stack, state, tag))


def rollback(settings: Settings, tag: str | None) -> tuple[RollbackPlan, Phases]:
    """Puts the release ``tag`` into service again, by default the one before the live one; its plan, and where the time
    went. Moves nothing where that release is live already.

    Raises ``DeployError`` when the stack does not keep the release, when an alias does not move (the others are then
    moved back), and when the API does not answer as it must.
    """
    phases = Phases()
    with phases.phase("set-up"):
        select_target(settings.stack, workspace.read_state(settings), tag)
        readiness.prepare_aws(settings)
    with exclusion.exclusive(settings.stack), workspace.open_stack(settings, may_create=False) as stack:
        with phases.phase("update"):
            state, _ = workspace.recover(stack)
            deployed = Deployed.from_state(state)
            plan = plan_rollback(state, select_target(stack.name, state, tag))
            if plan.entry.tag == deployed.tag and not plan.moves:
                Migration(settings).settle(plan.entry.form)
                return plan, phases
            require_versions(settings, plan)
            outputs = carry_out(stack, state, plan, "rollback", deployed.entries)
        with phases.phase("answer"):
            checks = probe.probe(outputs)
        readiness.persist(settings)
    if failed := probe.failed(checks):
        raise DeployError(
            f"{plan.entry.tag} is live again, but {probe.describe(failed)}.",
            probe.remedy(failed, settings.stack),
        )
    return plan, phases


def select_target(stack: str, state: StackState, tag: str | None) -> Entry:
    """The release that a rollback goes to: ``tag``, or by default the one deployed before the live one. Where an update
    was cut off while aliases moved, the default is the release that has all the moved ones where they are, or else the
    live one.

    Raises ``DeployError``, which names the releases that the stack keeps, when this one is not among them.
    """
    deployed = Deployed.from_state(state)
    if tag is None:
        live = deployed.entry(deployed.tag)
        moved = _moved_aliases(state, live) if live else {}
        matching = (entry for entry in deployed.entries if moved.items() <= entry.versions.items())
        if entry := next(matching, live) if moved else deployed.before(deployed.tag):
            return entry
        raise DeployError(
            f"Stack {stack!r} keeps no release before {deployed.tag or 'its first'}.",
            _kept_releases(deployed),
        )
    if entry := deployed.entry(tag):
        return entry
    raise DeployError(f"Stack {stack!r} keeps no release {tag!r}.", _kept_releases(deployed))


def _moved_aliases(state: StackState, live: Entry) -> dict[str, str]:
    """The versions of the aliases that are not where the live release has them."""
    versions = {name: alias.version for name, alias in state.aliases.items()}
    return {
        name: version for name, version in versions.items() if live.versions.get(name, version) != version
    }


def plan_rollback(state: StackState, entry: Entry) -> RollbackPlan:
    """The plan of a rollback from ``state`` to the release ``entry``."""
    before = state.aliases
    return RollbackPlan(
        entry,
        before,
        {name: entry.versions.get(name, alias.version) for name, alias in before.items()},
        tuple(sorted(before.keys() - entry.versions.keys())),
        tuple(sorted(entry.versions.keys() - before.keys())),
    )


def require_versions(settings: Settings, plan: RollbackPlan) -> None:
    """Raises ``DeployError``, which names them, when versions that the plan moves to were deleted."""
    client = session.client(settings, "lambda")

    def is_gone(name: str) -> bool:
        try:
            client.get_function_configuration(
                FunctionName=plan.before[name].function, Qualifier=plan.after[name]
            )
        except client.exceptions.ResourceNotFoundException:
            return True
        return False

    try:
        with ThreadPoolExecutor() as pool:
            gone = list(pool.map(is_gone, plan.moves))
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The versions of {plan.entry.tag} cannot be looked up: {error}",
            "Nothing was moved. ProbeResult that the credentials may call lambda:GetFunctionConfiguration.",
        ) from error
    lost = [f"{name} {plan.after[name]}" for name, missing in zip(plan.moves, gone, strict=True) if missing]
    if lost:
        raise DeployError(
            f"{plan.entry.tag} cannot run any more: these versions are gone: {', '.join(lost)}.",
            "Nothing was moved. Go back to another release, or check out its commit and deploy it.",
        )


def carry_out(
    stack: LeanStack,
    state: StackState,
    plan: RollbackPlan,
    kind: str,
    entries: tuple[Entry, ...],
    *,
    routes: EarlierRoutes = aliases.NO_ROUTES,
) -> dict[str, object]:
    """Moves the aliases as planned, together or not at all, and brings what is in the table into the form of the
    release; the stack's outputs then. ``entries`` are the releases that they name as kept, ``kind`` is what the history
    calls the update, and ``routes`` are those that are to be as they were.

    Raises ``DeployError`` when an alias does not move; the others are then moved back.
    """
    before = dict(state.outputs)
    after = before | plan.entry.outputs() | {"releases": [entry.as_output() for entry in entries]}
    migration = Migration(stack.settings)
    migration.prepare(plan.entry.form)
    try:
        outputs = aliases.move(
            stack,
            state,
            plan.after,
            after,
            message=update_message.update_message(plan.entry.tag, kind),
            failure=f"Going back to {plan.entry.tag} failed",
            routes=routes,
        )
    except DeployError as error:
        raise restore_aliases(stack, state, error) from error
    migration.settle(plan.entry.form)
    return outputs


def restore_aliases(stack: LeanStack, before: StackState, error: DeployError) -> DeployError:
    """Points the aliases where they pointed ``before`` an update that failed with ``error``, and restores the gateway's
    routes and the outputs; the error to raise, which says too what runs now.

    Moves nothing while another update runs, nor where the outputs changed: then the new release is live, and what
    failed was to delete what it replaced.
    """
    cause, live = error.cause.rstrip("."), Deployed.from_state(before).tag
    if not live or isinstance(error, updates.BusyError):
        return error
    try:
        state = stack.state()
    except CommandError:
        return error
    if state.outputs != before.outputs:
        return DeployError(
            f"{cause}, after {Deployed.from_state(state).tag} had gone live.",
            f"It stays live. A deploy does what is left to do: make deploy STACK={stack.name}",
        )
    now = {name: alias.version for name, alias in state.aliases.items()}
    then = {name: alias.version for name, alias in before.aliases.items() if name in now}
    routes = earlier_routes(before, state)
    if now == now | then and not routes.urns:
        return DeployError(f"{cause}; what ran before goes on serving.", error.remedy)
    display.say("Some aliases have moved, or routes were opened: putting them back")
    try:
        aliases.move(
            stack,
            state,
            now | then,
            before.outputs,
            message=update_message.update_message(live, "put back"),
            failure=f"{cause}. And putting the aliases back failed too",
            routes=routes,
        )
        Migration(stack.settings).settle(Deployed.from_state(before).form)
    except DeployError as another:
        return another
    return DeployError(
        f"{cause}. All aliases are back: {live} runs.",
        f"A deploy repairs the stack: make deploy STACK={stack.name}",
    )


def _kept_releases(deployed: Deployed) -> str:
    tags = ", ".join(f"{entry.tag}{' (live)' * (entry.tag == deployed.tag)}" for entry in deployed.entries)
    return f"It keeps: {tags or 'none yet'}."
