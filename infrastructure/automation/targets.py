"""The resources that an update is limited to: the engine's ``--target`` and ``--exclude``."""

from typing import TypedDict

from infrastructure.errors import DeployError
from infrastructure.release.release import Release
from infrastructure.release.state import FUNCTION, IMAGE, StackState
from infrastructure.stack.settings import Settings

_ROLE = "aws:iam/role:Role"
_ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


class UpdateTargets(TypedDict, total=False):
    """The resources of an update, as URNs: these only (``target``), with all that depends on them where
    ``target_dependents`` says so, or all but these (``exclude``). Without any of them, all."""

    target: list[str]
    target_dependents: bool
    exclude: list[str]


def targets_for(
    settings: Settings, state: StackState, selected: Release, *, image_only: bool
) -> UpdateTargets:
    """The targets of an update that brings ``selected`` to a stack in that ``state``.

    An image that is not to be built is excluded: the Docker plugin would compare it with the files of the tree,
    whatever the program tells the engine to ignore. An ``image_only`` update has for targets the image, or else the
    functions, with all that depends on them, and the functions' roles, whose URNs have wildcards. Raises
    ``DeployError`` where the stack has no image yet.
    """
    images = list(state.of_type(IMAGE))
    if not image_only:
        return {} if selected.to_build else {"exclude": images}
    if not images:
        raise DeployError(
            f"Stack {settings.stack!r} has no image yet.",
            f"Deploy all of it: make deploy STACK={settings.stack}",
        )
    changing = images if selected.to_build else list(state.of_type(FUNCTION))
    return {"target": [*changing, f"**${_ROLE}::*", f"**${_ROLE_POLICY}::*"], "target_dependents": True}
