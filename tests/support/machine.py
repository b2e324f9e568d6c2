"""A made-up machine: folders of its own, and only the tools a test puts on its PATH."""

import os
import textwrap
from pathlib import Path

import pytest


class Machine:
    """What set-up finds. Tools are shell scripts; each run of one is a line of ``calls``."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = root / "home"
        self.cache = root / "cache"
        self.state = root / "state"
        self.tools = root / "tools"
        self._calls = root / "calls"
        for folder in (self.home, self.tools):
            folder.mkdir()
        for name in [
            name for name in os.environ if name.startswith(("DOCKER_", "PULUMI_", "XDG_", "GO", "SSL_"))
        ]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.setenv("PATH", str(self.tools))
        monkeypatch.setenv("PSN_EMULATOR_CACHE", str(self.cache))
        monkeypatch.setenv("LOCAL_HOME", str(self.state))

    def tool(self, name: str, script: str = "exit 0", folder: Path | None = None) -> Path:
        """Puts an executable shell script on PATH, or in ``folder``."""
        path = (folder or self.tools) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        note = f'echo "{name} $*" >> "{self._calls}"'
        path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{note}\n{textwrap.dedent(script)}\n")
        path.chmod(0o755)
        return path

    @property
    def calls(self) -> list[str]:
        """The tools run so far, each with its arguments."""
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def called(self, name: str) -> list[str]:
        """The runs of one tool."""
        return [call for call in self.calls if call.split()[0] == name]
