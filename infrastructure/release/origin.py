"""The version and the commit that a release is made of."""

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Self

import yaml

from infrastructure import get_image_tag
from infrastructure.get_image_tag import ROOT


@dataclass(frozen=True, slots=True)
class Origin:
    """The version in ``pyproject.toml``, the git commit (empty where git knows none of this tree, or does not tell),
    and whether files differed from that commit, not counting what the engine writes into the stacks' files."""

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
    commit, tracked = _git("rev-parse", "HEAD").strip(), _tracked_blobs()
    if not commit or "pyproject.toml" not in tracked:  # in no repository, or in one that has not this tree
        return Origin(project["version"], "", dirty=False)
    return Origin(project["version"], commit, dirty=not all(map(_only_the_engine_wrote, _changed(tracked))))


def _tracked_blobs() -> dict[str, str]:
    """The id of every file's content in the commit, by its path in this tree; links and submodules left out."""
    entries = (entry.partition("\t") for entry in _git("ls-tree", "-r", "-z", "HEAD").split("\0") if entry)
    return {path: what.split()[2] for what, _, path in entries if what.startswith("100")}


def _changed(tracked: Mapping[str, str]) -> set[str]:
    """The files that are not as they are in the commit, or not in it.

    The contents are compared, for git itself is told by its settings and marks (``status.showUntrackedFiles``,
    ``skip-worktree``) not to look at some. What reaches the image counts where git ignores it, too.
    """
    there = [path for path in tracked if (ROOT / path).is_file() and "\n" not in path]
    blobs = _git("hash-object", "--stdin-paths", given="".join(f"{path}\n" for path in there)).split()
    now = dict(zip(there, blobs, strict=False))
    others = _git("ls-files", "-z", "--others", "--exclude-standard").split("\0")
    new = {path for path in (*others, *_sources()) if path and path not in tracked}
    return new | {path for path, blob in tracked.items() if now.get(path) != blob}


def _sources() -> list[str]:
    """The files that the image is made of; none where it cannot be made, which the deploy tells."""
    try:
        return get_image_tag.context_files(ROOT)
    except get_image_tag.SourceError:
        return []


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


def _git(*arguments: str, given: str = "") -> str:
    """What git prints of this tree, ``given`` that input; nothing where there is no git or no checkout, or where it
    belongs to another user.

    Variables such as ``GIT_DIR``, which lead git to another tree, are not passed on.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), *arguments],
            input=given,
            env=environment,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout
