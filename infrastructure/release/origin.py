"""The version and the commit that a release is made of."""

import json
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Self

import yaml

from infrastructure.get_image_tag import ROOT


@dataclass(frozen=True, slots=True)
class Origin:
    """The version in ``pyproject.toml``, the git commit (empty outside of a git checkout), and whether files differed
    from that commit, not counting what the engine writes into the stacks' files."""

    version: str
    commit: str
    dirty: bool

    @property
    def label(self) -> str:
        """The version with its origin as build metadata (Semantic Versioning 2.0.0, item 10), such as
        ``0.1.0+0f3c9e1d2b4a.dirty``."""
        build = f"+{self.commit[:12]}{'.dirty' if self.dirty else ''}" if self.commit else ""
        return f"{self.version}{build}"

    def as_output(self) -> dict[str, str | bool]:
        """The stack's output ``release``."""
        return asdict(self) | {"label": self.label}

    @classmethod
    def from_output(cls, value: Mapping[str, Any]) -> Self:
        """The origin that ``as_output`` made ``value`` of."""
        return cls(value["version"], value["commit"], bool(value["dirty"]))


def origin() -> Origin:
    """The origin of a release that is made of this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit = _git("rev-parse", "HEAD")
    changed = [line[3:] for line in _git("status", "--porcelain").splitlines()] if commit else []
    return Origin(project["version"], commit, dirty=not all(map(_only_the_engine_wrote, changed)))


def _only_the_engine_wrote(path: str) -> bool:
    """Whether the file is a stack's and sets what it sets in the commit.

    Run by hand, or for a first deploy, the engine adds its encryption settings to that file and puts numbers and
    truth values in quotes.
    """
    file = ROOT / path
    if not (file.is_file() and PurePosixPath(path).match("infrastructure/Pulumi.*.yaml")):
        return False
    try:
        return _settings(file.read_text(encoding="utf-8")) == _settings(_git("show", f"HEAD:{path}"))
    except yaml.YAMLError:
        return False


def _settings(text: str) -> dict[str, str]:
    """What a stack's file sets, with or without quotes."""
    match yaml.safe_load(text):
        case {"config": dict(config)}:
            return {
                key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
            }
    return {}


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no checkout."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.rstrip()
