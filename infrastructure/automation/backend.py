"""The backend of local stacks ("State and backends" in Pulumi's documentation): a folder with a file for each."""

import json
from pathlib import Path

from infrastructure.release.state import StackState
from infrastructure.stack.names import PROJECT
from infrastructure.tools import paths


def folder() -> Path:
    """The folder that is the backend of all local stacks."""
    return paths.home() / "pulumi"


def state_file(stack: str) -> Path:
    """The file with the state of a local stack, beside which the engine keeps the one before it as ``.bak``; there is
    none before the stack's first update."""
    return folder() / ".pulumi" / "stacks" / PROJECT / f"{stack}.json"


def history_folder(stack: str) -> Path:
    """The folder with a file for each update of a local stack, whose names sort by time."""
    return folder() / ".pulumi" / "history" / PROJECT / stack


def read_state(stack: str) -> StackState:
    """The state of a local stack, read without the engine. Raises ``OSError`` and ``ValueError`` where there is no file
    that can be read."""
    return StackState.from_deployment(json.loads(state_file(stack).read_bytes())["checkpoint"]["latest"])
