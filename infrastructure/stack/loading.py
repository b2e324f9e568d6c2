"""Reads a stack's files: its settings, and its users and clients. A command reads each once at most, and passes it on.

They are not read through the engine, so that a setting is refused before anything is touched, and so that commands
which start no engine know them too.
"""

import re
from pathlib import Path

from pydantic import ValidationError

from infrastructure.errors import DeployError
from infrastructure.stack import environment_rules, function_specs, seeds, stack_file
from infrastructure.stack.settings import LOCAL, Settings, is_local
from seeding.seeds import Seed

FOLDER = Path(__file__).resolve().parents[1]
"""Where the stacks' files are, and ``seeds`` in it."""

_LONGEST_STACK = 24
_STACK = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def stack_path(stack: str) -> Path:
    """Where the file of ``stack`` is, there or not."""
    return FOLDER / f"Pulumi.{LOCAL if is_local(stack) else stack}.yaml"


def load_settings(stack: str) -> Settings:
    """The settings of ``stack``, from ``Pulumi.<stack>.yaml``; those of ``local-<name>`` from ``Pulumi.local.yaml``.

    Raises ``DeployError`` for a stack without a file, and for a file with a key that does not exist, a value of the
    wrong type or a combination that cannot work, naming the key.
    """
    path = stack_path(stack)
    if not path.is_file() or not _STACK.fullmatch(stack) or len(stack) > _LONGEST_STACK:
        known = sorted(file.name.split(".")[1] for file in FOLDER.glob("Pulumi.*.yaml"))
        raise DeployError(
            f"There is no stack {stack!r}.",
            f"The stacks are {', '.join(known)} and {LOCAL}-<name>, of at most {_LONGEST_STACK} characters.",
        )
    values, faults = stack_file.read_settings(path, Settings.model_fields.keys() - {"stack"})
    try:
        if not faults:
            settings = Settings.model_validate(values | {"stack": stack})
            faults = function_specs.faults_in(settings) + environment_rules.faults_in(settings)
    except ValidationError as error:
        faults = [stack_file.fault_of(item) for item in error.errors(include_url=False)]
    if faults:
        raise DeployError(f"{path.name}: {'; '.join(faults)}.", f"Correct {path.name}, in infrastructure.")
    return settings


def load_seed(settings: Settings) -> Seed:
    """The users and clients of the stack, from its ``seed_file``.

    Takes about 0.1 s for every password hash of a guarded stack, each of which is compared with the documented
    passwords. Raises ``DeployError`` as ``seeds.read_seed`` does.
    """
    file = FOLDER / "seeds" / settings.seed_file
    return seeds.read_seed(file, audience=settings.audience, defaults_allowed=not settings.guarded)


def longest_access_token_seconds(settings: Settings) -> int:
    """How long the access tokens live of the client in the stack's ``seed_file`` whose live longest; 0 if none says.

    Takes no time for the hashes, none of which is checked. Raises ``DeployError`` for a file that is no seed.
    """
    parsed = seeds.parse_seed(FOLDER / "seeds" / settings.seed_file, in_network=True)
    return max((client.access_token_seconds or 0 for client in parsed.clients), default=0)
