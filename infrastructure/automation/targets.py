"""What of a stack an update is about."""

from typing import TypedDict

from infrastructure.errors import DeployError
from infrastructure.release.release import Release
from infrastructure.release.state import FUNCTION, IMAGE, StackState
from infrastructure.stack.settings import Settings

_ROLE = "aws:iam/role:Role"
_ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


class Limits(TypedDict, total=False):
    """What an update is about, as URNs: these only (``target``), with all that depends on them where
    ``target_dependents`` says so, or all but these (``exclude``). By default everything."""

    target: list[str]
    target_dependents: bool
    exclude: list[str]


def of(settings: Settings, state: StackState, chosen: Release, *, image_only: bool) -> Limits:
    """The limits of an update that brings ``chosen`` to a stack in that ``state``.

    An image that is not to be built is left out: the Docker plugin would compare it with the files of the tree,
    whatever the program tells the engine to ignore. An ``image_only`` update is about the image, or else the
    functions, and all that depends on them, and the roles that the functions are given, as URNs with wildcards.
    Raises ``DeployError`` where there is no image yet.
    """
    images = list(state.of_type(IMAGE))
    if not image_only:
        return {} if chosen.to_build else {"exclude": images}
    if not images:
        raise DeployError(
            f"Stack {settings.stack!r} has no image yet.",
            f"Deploy all of it: make deploy STACK={settings.stack}",
        )
    changing = images if chosen.to_build else list(state.of_type(FUNCTION))
    return {"target": [*changing, f"**${_ROLE}::*", f"**${_ROLE_POLICY}::*"], "target_dependents": True}
