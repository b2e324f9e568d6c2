"""One version."""

import tomllib
from pathlib import Path

from utils.version import VERSION


def test_the_api_and_the_package_have_the_same_version(project: Path) -> None:
    assert tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"] == VERSION
