"""A state of the local AWS that cannot be read: what is said of it, and the way back."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

from infrastructure.errors import DeployError

FAULTS = "psn-emulator: the state cannot be read: "
"""As ``aws_files.FAULTS``."""
_CLEAN = "make clean deletes the local state, then make deploy makes one anew."


def error_in(log: str, where: str, command: Callable[[str, str], str]) -> DeployError | None:
    """The error that the last lines of a local AWS's ``log`` tell of files of its state; ``None`` where there is none.

    ``where`` is the folder of the files, ``command`` the shell command that copies one of its files onto another.
    """
    line = next((line for line in reversed(log.splitlines()) if line.startswith(FAULTS)), None)
    if line is None:
        return None
    faults = json.loads(line.removeprefix(FAULTS))
    cause = "; ".join(f"{where}/{name} {fault}" for name, fault, _ in faults)
    if not all(has_backup for _, _, has_backup in faults):
        return DeployError(
            f"{cause}.", f"Nothing was overwritten. There is no backup that can be read: {_CLEAN}"
        )
    copies = " && ".join(command(f"{name}.bak", name) for name, _, _ in faults)
    return DeployError(
        f"{cause}.",
        f"Nothing was overwritten. The way back is the backup beside it: {copies} && make deploy REFRESH=1",
    )


def copy_command(folder: Path, source: str, target: str) -> str:
    """The shell command that copies a file of ``folder`` onto another."""
    return f"cp {shlex.quote(str(folder / source))} {shlex.quote(str(folder / target))}"
