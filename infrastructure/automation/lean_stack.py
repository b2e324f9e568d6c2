"""The Automation API's engine and stack, which ask the engine for less: each question is a run of it."""

import json
from datetime import UTC, datetime
from typing import override

from pulumi import automation as auto
from semver import VersionInfo

from infrastructure.tools import engine


class FoundEngine(auto.PulumiCommand):
    """The engine that set-up found, whose version is known already: saves asking it again on every command."""

    def __init__(self, found: engine.Engine) -> None:
        self.command = str(found.path)
        self.version = VersionInfo.parse(found.version)


class SparingStack(auto.Stack):
    """A stack that asks the engine for less than the Automation API's own does, each question a run of the engine.

    After an update that one asks three times, for the outputs with their secrets and without and for the history;
    ``updates.up`` has the outputs from the engine's events. Before one it selects the stack, which every command
    names anyway. An export with secrets makes the engine derive the key from the passphrase; nobody here reads one.
    """

    def __init__(self, name: str, workspace: auto.Workspace) -> None:
        self.name, self.workspace = name, workspace

    @override
    def __repr__(self) -> str:
        return f"SparingStack({self.name!r}, {self.workspace!r})"

    @override
    def outputs(self) -> auto.OutputMap:
        """None: see ``updates.up``."""
        return {}

    @override
    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:
        """What is known of the last update without asking: it succeeded, or this would not be called."""
        now = datetime.now(UTC)
        return auto.UpdateSummary("update", now, "", {}, {}, "succeeded", now)

    @override
    def export_stack(self) -> auto.Deployment:
        """The state, its secrets encrypted."""
        exported = json.loads(self._run_pulumi_cmd_sync(["stack", "export"]).stdout)
        return auto.Deployment(exported["version"], exported["deployment"])
