"""Going back to a release that ran before: every function's alias back to the version that it had then.

Nothing is built, and nothing of the tree is read.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from pulumi.automation import CommandError

from infrastructure.automation import aliases, updates, workspace
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.cloud import probe, session
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed, Entry
from infrastructure.release.state import Alias, StackState
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.terminal.phases import Phases


@dataclass(frozen=True, slots=True)
class Plan:
    """A way back to ``entry``. ``before`` is where every alias points by the name of its row, ``after`` the
    version it is to point at; ``left`` names those of which nothing is known of that release, which stay as they are,
    ``gone`` the functions that it had and that are no more."""

    entry: Entry
    before: Mapping[str, Alias]
    after: Mapping[str, str]
    left: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def moves(self) -> dict[str, tuple[str, str]]:
        """The functions whose alias moves, from which version and to which."""
        return {
            name: (alias.version, self.after[name])
            for name, alias in self.before.items()
            if alias.version != self.after[name]
        }


def preview(settings: Settings, tag: str | None) -> Plan:
    """What a rollback would do. Raises ``DeployError`` when there is no such release to go back to."""
    state = workspace.state(settings)
    return plan(state, find(settings.stack, state, tag))


def rollback(settings: Settings, tag: str | None) -> tuple[Plan, Phases]:
    """Puts an earlier release into service again, by default the one before the live one.

    What was moved, which is nothing where that release is live. Raises ``DeployError`` when the stack does not
    keep the release, when an alias does not move (all are where they were then), or when it does not answer.
    """
    phases = Phases()
    with phases.phase("set-up"):
        find(settings.stack, workspace.state(settings), tag)
        readiness.reachable(settings)
    with workspace.exclusive(settings.stack), workspace.opened(settings, may_create=False) as stack:
        with phases.phase("update"):
            state, _ = workspace.recover(stack)
            deployed = Deployed.from_state(state)
            way = plan(state, find(stack.name, state, tag))
            if way.entry.tag == deployed.tag and not way.moves:
                return way, phases
            need_versions(settings, way)
            outputs = carry_out(stack, state, way, "rollback", deployed.entries)
        with phases.phase("answer"):
            checks = probe.probe(outputs)
        readiness.settle(settings)
    if failed := probe.failed(checks):
        raise DeployError(
            f"{way.entry.tag} is live again, but {probe.said(failed)}.", probe.remedy(failed, settings.stack)
        )
    return way, phases


def find(stack: str, state: StackState, tag: str | None) -> Entry:
    """The release ``tag``; by default the one that ran before the live one, or where aliases were moved and the move
    was cut off, the one that they were on their way back to, or else away from.

    Raises ``DeployError`` when the stack does not keep it, naming those it keeps, or when there is none.
    """
    deployed = Deployed.from_state(state)
    if tag is None:
        live = deployed.entry(deployed.tag)
        moved = _moved(state, live) if live else {}
        back = (entry for entry in deployed.entries if moved.items() <= entry.versions.items())
        if entry := next(back, live) if moved else deployed.before(deployed.tag):
            return entry
        raise DeployError(
            f"Stack {stack!r} keeps no release before {deployed.tag or 'its first'}.", _known(deployed)
        )
    if entry := deployed.entry(tag):
        return entry
    raise DeployError(f"Stack {stack!r} keeps no release {tag!r}.", _known(deployed))


def _moved(state: StackState, live: Entry) -> dict[str, str]:
    """The versions of the aliases that are not where the live release has them."""
    versions = {name: alias.version for name, alias in state.aliases.items()}
    return {name: one for name, one in versions.items() if live.versions.get(name, one) != one}


def plan(state: StackState, entry: Entry) -> Plan:
    """The way from the ``state`` to ``entry``."""
    before = state.aliases
    return Plan(
        entry,
        before,
        {name: entry.versions.get(name, alias.version) for name, alias in before.items()},
        tuple(sorted(before.keys() - entry.versions.keys())),
        tuple(sorted(entry.versions.keys() - before.keys())),
    )


def need_versions(settings: Settings, plan: Plan) -> None:
    """Raises ``DeployError``, which names them, when versions that the plan moves to are not there any more."""
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
            "Nothing was moved. Check that the credentials may call lambda:GetFunctionConfiguration.",
        ) from error
    lost = [f"{name} {plan.after[name]}" for name, missing in zip(plan.moves, gone, strict=True) if missing]
    if lost:
        raise DeployError(
            f"{plan.entry.tag} cannot run any more: these versions are gone: {', '.join(lost)}.",
            "Nothing was moved. Go back to another release, or check out its commit and deploy it.",
        )


def carry_out(
    stack: LeanStack, state: StackState, plan: Plan, kind: str, entries: tuple[Entry, ...]
) -> dict[str, object]:
    """Moves the aliases as planned, together or not at all; the stack's outputs, of which ``entries`` are the
    releases that it keeps. ``kind`` is what the history calls it.

    Raises ``DeployError`` when an alias does not move; the others are back where they were then.
    """
    before = dict(state.outputs)
    after = before | plan.entry.outputs() | {"releases": [entry.as_output() for entry in entries]}
    try:
        return aliases.move(
            stack,
            state,
            plan.after,
            after,
            message=updates.message(plan.entry.tag, kind),
            what=f"Going back to {plan.entry.tag} failed",
        )
    except DeployError as error:
        raise put_back(stack, state, error) from error


def put_back(stack: LeanStack, before: StackState, error: DeployError) -> DeployError:
    """What to raise for an update that ended in ``error``, once the aliases point where they did ``before`` it and the
    outputs are those of then: the error, and what runs.

    Another update's aliases stay where they are, and so do all where the outputs say that a release has gone live: what
    failed afterwards was to delete what is left over.
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
    are = {name: alias.version for name, alias in state.aliases.items()}
    were = {name: alias.version for name, alias in before.aliases.items() if name in are}
    if are == are | were:
        return DeployError(f"{cause}; what ran before goes on serving.", error.remedy)
    display.say("Some aliases have moved: putting them back")
    try:
        aliases.move(
            stack,
            state,
            are | were,
            before.outputs,
            message=updates.message(live, "put back"),
            what=f"{cause}. And putting the aliases back failed too",
        )
    except DeployError as another:
        return another
    return DeployError(
        f"{cause}. All aliases are back: {live} runs.",
        f"A deploy repairs the stack: make deploy STACK={stack.name}",
    )


def _known(deployed: Deployed) -> str:
    tags = ", ".join(f"{entry.tag}{' (live)' * (entry.tag == deployed.tag)}" for entry in deployed.entries)
    return f"It keeps: {tags or 'none yet'}."
