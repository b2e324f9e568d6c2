"""Drift: functions and aliases that are not as the stack's state says, looked for before every deploy.

Reading back all of a stack takes longer than deploying it unchanged. The time of a function's last change and the
version of its alias are had in one listing and one call a function; they show a function that was changed, moved or
deleted by hand. Any other drift is found by a refresh.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.names import LIVE
from infrastructure.stack.settings import Settings

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Function:
    """A function in AWS: its ``LastModified``, and the version of its alias ``live``, ``None`` without one."""

    last_modified: str
    live: str | None


class _Functions:
    """The functions of a stack in AWS, read in the background; a class because what the listing found, the aliases
    asked for and the client belong together."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = session.client(settings, "lambda")
        self._prefix = settings.names.function("")
        self._pool = ThreadPoolExecutor()
        self._modified = self._pool.submit(self._list)
        self._live = {
            name: self._pool.submit(self._version, name)
            for name in (settings.names.function(spec.name) for spec in function_specs(settings))
        }

    def read(self, names: Collection[str]) -> dict[str, Function]:
        """Those of ``names`` that exist. Raises ``DeployError`` when AWS refuses or does not answer."""
        try:
            modified = self._modified.result()
            there = [name for name in names if name in modified]
            for name in there:
                if name not in self._live:  # of a route that has left the table
                    self._live[name] = self._pool.submit(self._version, name)
            return {name: Function(modified[name], self._live[name].result()) for name in there}
        except (BotoCoreError, ClientError) as error:
            raise DeployError(
                f"The functions of stack {self._settings.stack!r} cannot be looked at: {error}",
                "Check that the credentials may call lambda:ListFunctions and lambda:GetAlias.",
            ) from error

    def close(self) -> None:
        """Waits for the calls under way."""
        self._pool.shutdown(cancel_futures=True)

    def _list(self) -> dict[str, str]:
        return {
            item["FunctionName"]: item["LastModified"]
            for page in self._client.get_paginator("list_functions").paginate()
            for item in page["Functions"]
            if item["FunctionName"].startswith(self._prefix)
        }

    def _version(self, name: str) -> str | None:
        try:
            return str(self._client.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"])
        except self._client.exceptions.ResourceNotFoundException:
            return None


@contextmanager
def reading_functions(settings: Settings) -> Iterator[Callable[[StackState], list[str]]]:
    """Reads the stack's functions and aliases in background threads while the block runs.

    Yields ``drifted(state)``: the names in AWS of the state's functions that are not as it says, sorted; it raises
    ``DeployError`` when AWS refuses or does not answer.
    """
    functions = _Functions(settings)

    def drifted(state: StackState) -> list[str]:
        return drifted_names(state, functions.read([function.aws_name for function in state.functions]))

    try:
        yield drifted
    finally:
        functions.close()


def describe(names: list[str]) -> str:
    """The first three of ``names``, and whether there are more."""
    return ", ".join(names[:_NAMED]) + ", …" * (len(names) > _NAMED)


def drifted_names(state: StackState, functions: Mapping[str, Function]) -> list[str]:
    """The names in AWS of the state's functions that are not among ``functions`` as the state says, sorted."""
    live = {alias.function: alias.version for alias in state.aliases.values()}
    known = {
        function.aws_name: Function(function.last_modified, live.get(function.aws_name))
        for function in state.functions
    }
    return sorted(name for name, function in known.items() if functions.get(name) != function)
