"""What the tools say of the project."""

import subprocess
from pathlib import Path


def test_style_types_security_rules_and_import_directions_hold(project: Path) -> None:
    result = subprocess.run(["make", "-s", "lint"], cwd=project, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
