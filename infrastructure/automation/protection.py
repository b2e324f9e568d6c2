"""The table and the secrets, which an update neither replaces nor deletes unless it is told to.

The engine's own protection (``protect`` in "Resource options" of Pulumi's documentation) sees to it: an update whose
step would do so ends before the step. The program protects them; here the state is made to say so as well, for the
engine goes by both.
"""

import re
from collections.abc import Collection

from infrastructure.automation.lean_stack import LeanStack
from infrastructure.errors import DeployError
from infrastructure.release.state import SECRET, TABLE, StackState, resource_name
from infrastructure.stack.settings import Settings
from variables import VARIABLES

_SHARDS = VARIABLES["player_shards"].name

_REFUSED = re.compile(
    r'unable to (?P<verb>replace) resource "\S*::(?P<name>[\w-]+)" as it is currently marked for protection'
    r'|resource "\S*::(?P<deleted>[\w-]+)" cannot be deleted because it is protected'
)
"""What the engine says of a step that protection stopped, in one line."""


def apply(stack: LeanStack, state: StackState, replaceable: Collection[str]) -> None:
    """Makes the state of ``stack``, which is ``state``, protect the table and the secrets but what is ``replaceable``.
    Runs the engine only where it does not yet."""
    kept = {
        resource_name(urn).removesuffix("-secret"): (urn, bool(item.get("protect")))
        for type_ in (TABLE, SECRET)
        for urn, item in state.of_type(type_).items()
    }
    if bare := [urn for name, (urn, on) in kept.items() if not on and name not in replaceable]:
        stack.protect(bare)
    if held := [urn for name, (urn, on) in kept.items() if on and name in replaceable]:
        stack.unprotect(held)


def require_same_shards(settings: Settings, state: StackState, replaceable: Collection[str]) -> None:
    """Raises ``DeployError`` where a table is there already and the settings would look for its players in another
    number of partitions: a player's is told by a hash of the id."""
    if not state.of_type(TABLE) or "table" in replaceable:
        return
    known = {function.variables.get(_SHARDS, "1") for function in state.functions}
    if other := known - {str(settings.player_shards)}:
        raise DeployError(
            f"The players of stack {settings.stack!r} are spread over {', '.join(sorted(other))} partitions, and "
            f"player_shards says {settings.player_shards}.",
            "It is decided with the table: put the number back, or deploy with REPLACE=table, which begins with none.",
        )


def refusal(cause: str, stack: str) -> DeployError | None:
    """The error in place of the ``cause`` that the engine gives for a step that protection stopped; ``None`` for any
    other."""
    match = _REFUSED.search(cause)
    if not match:
        return None
    name = (match["name"] or match["deleted"]).removesuffix("-secret")
    verb = match["verb"] or "delete"
    if name == "table":
        return DeployError(
            f"it would {verb} the table, and everything in it would be lost: players, statistics, sessions",
            f"Save it first: make export-data STACK={stack} FILE=data.jsonl. Then make deploy STACK={stack} "
            f"REPLACE=table, and make import-data STACK={stack} FILE=data.jsonl.",
        )
    return DeployError(
        f"it would {verb} the secret {name}, and what it holds would be lost",
        f"If that is meant: make deploy STACK={stack} REPLACE={name}",
    )
