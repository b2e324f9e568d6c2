"""``python engine_alone.py [TAG]`` in a checkout: its stack's program, by the Automation API and nothing around it.

With a tag the functions are given the image of that tag, which is in the stack's repository already.
"""

import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from pulumi import automation as auto

from infrastructure.automation import plugins, workspace
from infrastructure.program.stack import declare_stack
from infrastructure.release import release, selection
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_seed, load_settings
from infrastructure.stack.names import PROJECT


def main(stack: str, tag: str | None) -> None:
    """One ``up``; raises what the engine raises."""
    settings = load_settings(stack)
    chosen = selection.select_release(settings, release.Deployed.from_state(state(stack)))
    chosen = replace(chosen, tag=tag, to_build=False) if tag else chosen
    declare = partial(declare_stack, settings, load_seed(settings), chosen)
    with plugins.serve(settings) as variables:
        options = workspace._options(settings, workspace.engine_variables(settings) | variables, None)
        auto.select_stack(stack_name=stack, project_name=PROJECT, program=declare, opts=options).up()


def state(stack: str) -> StackState:
    """The stack's state, read from its file, which takes no engine."""
    file = workspace.backend_folder() / ".pulumi" / "stacks" / PROJECT / f"{stack}.json"
    return StackState.from_deployment(json.loads(file.read_text())["checkpoint"]["latest"])


if __name__ == "__main__":
    main(os.environ["STACK"], sys.argv[1] if len(sys.argv) > 1 else None)
