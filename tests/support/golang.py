"""Programs in Go, built by the toolchain that builds the Pulumi engine: of this machine, else of a Python package."""

import os
import subprocess
from pathlib import Path

import pytest

from infrastructure.tools import toolchain


def built(module: Path, folder: Path) -> Path:
    """Builds the main package of ``module`` with the modules that its ``go.sum`` names, and puts it in ``folder``.

    Where there is no toolchain, or a module cannot be had, the test fails with that in one line.
    """
    program = folder / module.name
    try:
        go = toolchain.resolve(module)
    except toolchain.NotAvailableError as reason:
        pytest.fail(f"No Go for {module.name}: {reason}", pytrace=False)
    build = subprocess.run(
        [go, "build", "-o", program, "."],
        cwd=module,
        env=os.environ | toolchain.ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if build.returncode:
        pytest.fail(f"{module.name} cannot be built: {build.stderr.strip().splitlines()[-1]}", pytrace=False)
    return program
