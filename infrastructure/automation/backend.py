"""The backend of local stacks ("State and backends" in Pulumi's documentation): a folder with a file for each."""

import json
from pathlib import Path

from infrastructure.automation import state_files
from infrastructure.release.state import StackState
from infrastructure.tools import paths


def folder() -> Path:
    """The folder that is the backend of all local stacks."""
    return paths.home() / "pulumi"


def state_file(stack: str) -> Path:
    """The file with the state of a local stack; there is none before its first update."""
    return state_files.state_file(folder(), stack)


def read_state(stack: str) -> StackState:
    """The state of a local stack, read without the engine. Raises ``OSError`` and ``ValueError`` where there is no file
    that can be read."""
    return StackState.from_deployment(json.loads(state_file(stack).read_bytes())["checkpoint"]["latest"])
