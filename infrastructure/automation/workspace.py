"""A stack as the Automation API drives it: its engine, its backend and its plugins."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pulumi import automation as auto

from infrastructure.automation import backend, locks, plugins, state_files, updates
from infrastructure.automation.lean_stack import LeanStack, ResolvedEngine
from infrastructure.cloud import versions
from infrastructure.cloud.session import check_credentials
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.names import PROJECT
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.terminal.phases import Phases
from infrastructure.tools import engine, paths

_NO_SIDE_FILES = "metadata=skip"
"""Has the engine write each file of the state alone, in one step. Beside it would be one with its attributes, which
is written in two: killed between them, the engine reads the state no more."""

_INFRASTRUCTURE = paths.ROOT / "infrastructure"


def was_deployed(settings: Settings) -> bool:
    """Whether the stack has a state: for a local stack a file, for another the engine is asked. Raises ``DeployError``
    where the file is damaged or gone."""
    if not settings.local:
        return read_state_if_any(settings) is not None
    return state_files.check_state(settings.stack, _local_workspace() / f"Pulumi.{settings.stack}.yaml")


def engine_variables(settings: Settings) -> dict[str, str]:
    """The environment variables by which the engine finds the stack's state.

    A local stack's state is in ``backend.folder``; its passphrase is made on first use, readable by its owner only. An
    AWS stack's is where the user's own variables say, but not in ``backend.folder``, to which they lead in a shell that
    has evaluated ``make env`` of a local stack.
    """
    quiet = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    if not settings.local:
        is_local_backend = os.environ.get("PULUMI_BACKEND_URL", "").startswith(backend.folder().as_uri())
        return quiet | ({"PULUMI_BACKEND_URL": ""} if is_local_backend else {})
    backend.folder().mkdir(parents=True, exist_ok=True)
    return quiet | {
        "PULUMI_BACKEND_URL": f"{backend.folder().as_uri()}?{_NO_SIDE_FILES}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state_files.passphrase()),
    }


@contextmanager
def open_stack(settings: Settings, *, may_create: bool, scratch: bool = False) -> Iterator[LeanStack]:
    """Yields the stack, while the plugins that its resources need are served. Each operation is given its program.

    A ``scratch`` stack has an empty state in a folder that vanishes, so that a preview before the first deploy
    writes nothing. Raises ``DeployError`` when the stack was never deployed and must not be created, and when there is
    no engine or no plugin.
    """
    with ExitStack() as cleanup:
        variables = _scratch_variables(cleanup) if scratch else engine_variables(settings)
        variables |= cleanup.enter_context(plugins.serve(settings))
        stack = _stack(settings, variables, cleanup if scratch else None)
        if scratch or not (settings.local and was_deployed(settings)):
            select = auto.Stack.create_or_select if may_create else auto.Stack.select
            try:
                select(stack.name, stack.workspace)
            except auto.StackNotFoundError:
                raise _never_deployed(settings) from None
        yield stack


def read_state(settings: Settings) -> StackState:
    """The stack's state. Raises ``DeployError`` when it was never deployed."""
    known = read_state_if_any(settings)
    if known is None:
        raise _never_deployed(settings)
    return known


def read_state_if_any(settings: Settings) -> StackState | None:
    """The stack's state; ``None`` when it was never deployed."""
    if settings.local and not was_deployed(settings):
        return None
    try:
        return _stack(settings, engine_variables(settings), None).state()
    except auto.StackNotFoundError:
        return None


def recover(stack: LeanStack, phases: Phases | None = None) -> tuple[StackState, bool]:
    """The stack's state, and whether it was refreshed because an update had been cut off. Every command that changes a
    stack calls this first.

    A killed update leaves the operations that were under way in the state, and in a local stack's backend its lock,
    which is removed. The time goes to ``phases``. Raises ``DeployError`` where a ``pulumi`` command is changing the
    local stack, and where the credentials are of another account than the resources: none of them is there, so
    refreshing would empty the state.
    """
    was_locked = stack.settings.local and locks.is_left_behind(stack.name, backend.folder())
    if was_locked:
        stack.cancel()
    state = stack.state()
    if not stack.settings.local:
        check_credentials(stack.settings, state.accounts)
    if not (was_locked or state.pending):
        return state, False
    display.say("The last update was cut off: reading back what it did")
    return read_back(stack, state, "refresh after a cut-off update", phases), True


def read_back(
    stack: LeanStack, known: StackState, message: str = "refresh", phases: Phases | None = None
) -> StackState:
    """Refreshes the stack, whose state is ``known``; its state then.

    Functions are published first, for the reason that ``versions.publish`` gives. ``message`` stands in the history.
    The time goes to ``phases``. Raises ``DeployError``.
    """
    versions.publish(stack.settings, known)
    updates.refresh(stack, message, known.size, phases)
    return stack.state()


def _local_workspace() -> Path:
    return paths.home() / "workspace"


def _scratch_variables(cleanup: ExitStack) -> dict[str, str]:
    folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="psn-emulator-"))
    return {
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_BACKEND_URL": Path(folder).as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(32),
    }


def _stack(settings: Settings, variables: dict[str, str], scratch: ExitStack | None) -> LeanStack:
    return LeanStack(settings, auto.LocalWorkspace(**vars(_options(settings, variables, scratch))))


def _options(
    settings: Settings, variables: dict[str, str], scratch: ExitStack | None
) -> auto.LocalWorkspaceOptions:
    """The engine keeps the stack's encryption settings in the work folder: beside the program for an AWS stack,
    for a local one out of the way of the files that git tracks."""
    folder = _local_workspace() if settings.local else _INFRASTRUCTURE
    if scratch:
        folder = Path(scratch.enter_context(tempfile.TemporaryDirectory(prefix="psn-emulator-")))
    folder.mkdir(parents=True, exist_ok=True)
    if file := variables.get("PULUMI_CONFIG_PASSPHRASE_FILE"):  # one that is exported would win over the file
        variables = variables | {"PULUMI_CONFIG_PASSPHRASE": Path(file).read_text(encoding="utf-8").strip()}
    return auto.LocalWorkspaceOptions(
        work_dir=str(folder),
        env_vars=variables,
        program=_no_program,
        pulumi_command=ResolvedEngine(engine.resolve()),
        project_settings=None
        if folder == _INFRASTRUCTURE
        else auto.ProjectSettings(PROJECT, "python", main=str(_INFRASTRUCTURE)),
    )


def _never_deployed(settings: Settings) -> DeployError:
    remedy = (
        f"Promote a release to it: make promote FROM=… TO={settings.stack}"
        if settings.image_by_promotion
        else f"Deploy it: make deploy STACK={settings.stack}"
    )
    return DeployError(f"Stack {settings.stack!r} was never deployed from here.", remedy)


def _no_program() -> None:
    """Stands in for the program, which an operation that needs one is given."""
