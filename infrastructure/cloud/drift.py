"""What was changed by hand: looked for before every deploy, as far as it shows at a glance.

Reading back all of a stack takes longer than deploying it unchanged. A function tells when it was changed last, and
an alias where it points: two kinds of calls that find a function changed, moved or deleted by hand. Anything else
is found by a refresh.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.names import LIVE
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Function:
    """A function as it is: when it was changed last, and the version that its alias points at, if it has one."""

    last_modified: str
    live: str | None


@contextmanager
def looking(settings: Settings) -> Iterator[Callable[[StackState], bool]]:
    """Looks at the functions of the stack while the block begins; what it yields says whether they are other than
    a state says, and says so to the user. That raises ``DeployError`` when AWS does not tell."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        looked = pool.submit(_look, settings)

        def drifted(state: StackState) -> bool:
            names = differing(state, looked.result())
            if names:
                some = ", ".join(names[:_NAMED]) + ", …" * (len(names) > _NAMED)
                display.say(f"Not as the last deploy left them: {some}. Reading back what is there")
            return bool(names)

        yield drifted


def differing(state: StackState, found: Mapping[str, Function]) -> list[str]:
    """The names of the functions in a state that are not as it says."""
    live = {alias.function: alias.version for alias in state.aliases.values()}
    known = {
        function.aws_name: Function(function.last_modified, live.get(function.aws_name))
        for function in state.functions
    }
    return sorted(name for name, function in known.items() if found.get(name) != function)


def _look(settings: Settings) -> dict[str, Function]:
    client = session.client(settings, "lambda")

    def live(name: str) -> str | None:
        try:
            return str(client.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"])
        except client.exceptions.ResourceNotFoundException:
            return None

    try:
        modified = {
            item["FunctionName"]: item["LastModified"]
            for page in client.get_paginator("list_functions").paginate()
            for item in page["Functions"]
            if item["FunctionName"].startswith(settings.names.function(""))
        }
        with ThreadPoolExecutor() as pool:
            return {
                name: Function(modified[name], version)
                for name, version in zip(modified, pool.map(live, modified), strict=True)
            }
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The functions of stack {settings.stack!r} cannot be looked at: {error}",
            "Check that the credentials may call lambda:ListFunctions and lambda:GetAlias.",
        ) from error
