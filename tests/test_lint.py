"""What the tools say of the project."""

import re
import subprocess
import tomllib
from pathlib import Path


def test_style_types_security_rules_and_import_directions_hold(project: Path) -> None:
    result = subprocess.run(["make", "-s", "lint"], cwd=project, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_types_are_followed_into_every_aws_service_that_is_named(project: Path) -> None:
    mypy = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["mypy"]
    followed = {name for part in mypy["overrides"] for name in part["module"]}
    sources = [path for folder in ("infrastructure", "tests") for path in (project / folder).rglob("*.py")]
    named = {name for path in sources for name in re.findall(r"\baws\.(\w+)\.[A-Z]", path.read_text())}
    assert {"lambda_", "apigatewayv2"} <= named
    assert named <= {name.split(".")[1] for name in followed if name.startswith("pulumi_aws.")}
