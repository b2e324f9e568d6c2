"""Where a release comes from: version and commit."""

import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from infrastructure.get_image_tag import ROOT


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a release comes from: the version in ``pyproject.toml``, the git commit (empty outside of a git
    checkout), and whether files differed from that commit."""

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
    """Where the tree of this checkout comes from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commit = _git("rev-parse", "HEAD")
    return Origin(project["version"], commit, dirty=bool(commit and _git("status", "--porcelain")))


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no checkout."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
