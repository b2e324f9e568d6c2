"""What a deploy does whose release does not answer as it must: what ran before it goes into service again."""

from typing import NoReturn

from infrastructure.automation.gateway_routes import earlier_routes
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.cloud import probe
from infrastructure.cloud.probe import ProbeResult
from infrastructure.commands import readiness, rollback
from infrastructure.errors import DeployError
from infrastructure.release import release
from infrastructure.release.state import StackState
from infrastructure.terminal import display


def give_up(
    stack: LeanStack,
    before: StackState,
    outputs: dict[str, object],
    results: tuple[ProbeResult, ...],
    *,
    moved: bool,
    was_cut_off: bool,
) -> NoReturn:
    """Ends a deploy whose release failed the probe with these ``results``: puts what ran ``before`` it into service
    again, and raises ``DeployError``.

    The routes that it opened are taken away, and those that it changed are as before. Only the error is raised when
    this deploy ``moved`` no alias and changed no route. What ran before may be the same release with other versions;
    where a deploy that ``was_cut_off`` had brought that release without probing it, it is the one before.
    """
    tag, previous = str(outputs["image_tag"]), release.Deployed.from_state(before)
    failed = probe.failed(results)
    remedy = probe.remedy(failed, stack.name)
    display.say(f"{tag} fails the probe at {probe.own_url(outputs)}:")
    for result in results:
        display.say(f"  {'ok    ' if result.ok else 'failed'}  {result}")
    never_probed = was_cut_off and previous.tag == tag
    entry = previous.before(tag) if never_probed else previous.entry(previous.tag)
    if not entry:
        raise DeployError(
            f"{tag} fails the probe: {probe.describe(failed)}; there is no release to return to.", remedy
        )
    state = stack.state()
    plan = rollback.plan_rollback(state, entry)
    routes = earlier_routes(before, state)
    if not routes.urns and not (plan.moves and (moved or was_cut_off)):
        raise DeployError(
            f"{tag} fails the probe: {probe.describe(failed)}.",
            f"{remedy}. The release before it: make rollback STACK={stack.name}",
        )
    target = f"{tag} as it was" if entry.tag == tag else entry.tag
    display.say(f"Returning to {target}")
    kept = tuple(item for item in previous.entries if item is entry or item.tag != tag)
    outputs_then = rollback.carry_out(stack, state, plan, "automatic return", kept, routes=routes)
    readiness.persist(stack.settings)
    failed_again = probe.failed(probe.probe(outputs_then))
    if failed_again:
        remedy = (
            f"{remedy}. What was changed by hand is repaired by: make deploy STACK={stack.name} REFRESH=1"
        )
    verdict = f"but {probe.describe(failed_again)}" if failed_again else "and answers"
    raise DeployError(
        f"{tag} fails the probe: {probe.describe(failed)}. {target} is live again, {verdict}.", remedy
    )
