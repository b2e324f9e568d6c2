"""``python engine_alone.py up|preview|repository [TAG]`` in a checkout: its stack's program, by the Automation API.

Nothing of the commands is around it. With a tag the functions are given the image of that tag, which is in the stack's
repository already; ``repository`` makes no more than that repository, in a local AWS that it starts.
"""

import argparse
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

import pulumi
from pulumi import automation as auto

from infrastructure.automation import backend, plugins, targets, workspace
from infrastructure.commands import readiness
from infrastructure.program import provider
from infrastructure.program.image import Images
from infrastructure.program.stack import declare_stack
from infrastructure.release import release, selection
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_seed, load_settings
from infrastructure.stack.names import PROJECT
from infrastructure.stack.settings import Settings


def main(stack: str, operation: str, tag: str | None) -> None:
    """One run of the engine; raises what the engine raises."""
    settings, known = load_settings(stack), state(stack)
    chosen = selection.select_release(settings, release.Deployed.from_state(known))
    chosen = replace(chosen, tag=tag, to_build=False) if tag else chosen
    program: auto.PulumiFn = partial(declare_stack, settings, load_seed(settings), chosen)
    if operation == "repository":
        readiness.prepare_deploy(settings)
        program = partial(_declare_repository, settings, replace(chosen, to_build=False))
    with plugins.serve(settings) as variables:
        engine = auto.create_or_select_stack(
            stack_name=stack,
            project_name=PROJECT,
            program=program,
            opts=workspace._options(settings, workspace.engine_variables(settings) | variables, None),
        )
        run = engine.preview if operation == "preview" else engine.up
        run(**targets.targets_for(settings, known, chosen, image_only=False))


def state(stack: str) -> StackState:
    """The stack's state, read from its file, which takes no engine; empty before the first ``up``."""
    file = backend.state_file(stack)
    latest = json.loads(file.read_text())["checkpoint"]["latest"] if file.exists() else {}
    return StackState.from_deployment(latest)


def _declare_repository(settings: Settings, chosen: release.Release) -> None:
    Images(
        settings, chosen, lambda: None, pulumi.ResourceOptions(provider=provider.declare_provider(settings))
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("operation", choices=("up", "preview", "repository"))
    parser.add_argument("tag", nargs="?")
    given = parser.parse_args()
    main(os.environ["STACK"], given.operation, given.tag)
