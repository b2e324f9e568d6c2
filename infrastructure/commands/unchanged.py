"""A deploy with nothing to change, which takes no engine."""

from infrastructure import get_image_tag
from infrastructure.automation import backend, exclusion, last_deploy
from infrastructure.cloud import drift, probe
from infrastructure.commands import readiness
from infrastructure.commands.deploy_request import DeployRequest, DeployResult
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_seed
from infrastructure.stack.settings import Settings
from infrastructure.terminal.phases import Phases


def deploy_unchanged(request: DeployRequest) -> DeployResult | None:
    """What a deploy comes to where nothing is to be changed: the last one brought the same, ``last_deploy`` tells, its
    functions and aliases are as it left them, and the API answers as it must.

    ``None`` where any of that is not so, or is not known. Raises ``DeployError`` as setting up and reading the stack's
    files do.
    """
    if not (request.settings.local and request.is_of_the_tree):
        return None
    settings, phases = request.settings, Phases()
    with phases.phase("look"):
        try:
            made_of = last_deploy.inputs(settings, load_seed(settings))
        except get_image_tag.SourceError:
            return None
        if not last_deploy.is_unchanged(settings, made_of):
            return None
    with phases.phase("set-up"):
        readiness.prepare_deploy(settings)
    with phases.phase("look"), exclusion.held(settings.stack) as was_cut_off:
        if was_cut_off or not last_deploy.is_unchanged(settings, made_of):
            return None
        state = backend.read_state(settings.stack)
        answers = _is_in_service(settings, state)
    return DeployResult(dict(state.outputs), "no changes", phases) if answers else None


def _is_in_service(settings: Settings, state: StackState) -> bool:
    """Whether the functions and aliases are as ``state`` says, and the API answers as it must."""
    with drift.reading_functions(settings) as drifted:
        results = probe.probe(state.outputs, patience_seconds=0)
        return not drifted(state) and not probe.failed(results)
