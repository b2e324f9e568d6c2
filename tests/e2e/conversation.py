"""A script that asks its user to log in and to tell where that ended."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.login_page import log_in


def converse(
    command: Sequence[str | Path], folder: Path, *, logins: int = 1, **environment: str
) -> list[str]:
    """Runs ``command``, logs in at the URL in the first line that it prints and tells it where the browser was sent, as
    often as ``logins`` says.

    The lines that it prints after that; it has to end well.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as script:
        assert script.stdin is not None
        assert script.stdout is not None
        for _ in range(logins):
            if asked := script.stdout.readline():
                print(log_in(asked.strip()), file=script.stdin, flush=True)
        output, errors = script.communicate(timeout=120)
    assert script.returncode == 0, errors
    return output.splitlines()
