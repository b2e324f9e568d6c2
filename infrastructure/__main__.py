"""What ``pulumi up`` in this folder runs; ``make deploy`` runs the same program through the Automation API.

It leaves out an image that is not to be built, which here is for the caller to do (ADR 8).
"""

import sys
from functools import partial
from pathlib import Path

import pulumi

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.program.stack import declare_stack
from infrastructure.stack.loading import load_seed, load_settings

try:
    settings = load_settings(pulumi.get_stack())
    seed = load_seed(settings)
except DeployError as error:
    raise pulumi.RunError(error.line) from error
declare_stack(settings, seed, provide_image=partial(readiness.prepare_build, settings))
