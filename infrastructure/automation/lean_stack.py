"""The Automation API's engine and stack, with fewer runs of the engine: each question to it is one."""

import json
from datetime import UTC, datetime
from typing import override

from pulumi import automation as auto
from pulumi.automation import CommandResult, OnOutput
from semver import VersionInfo

from infrastructure.automation import backend
from infrastructure.release.state import StackState
from infrastructure.stack.settings import Settings
from infrastructure.tools import engine


class ResolvedEngine(auto.PulumiCommand):
    """The engine that set-up found. Its version is known already, which saves a run of it on every command."""

    def __init__(self, resolved: engine.Engine) -> None:
        self.command = str(resolved.path)
        self.version = VersionInfo.parse(resolved.version)


class LeanStack(auto.Stack):
    """The Automation API's stack with the stack's ``settings``, and without the runs of the engine that we can spare.

    After an update the API's own stack runs the engine three times: for the outputs with their secrets, for those
    without, and for the history; ``updates.up`` has the outputs from the engine's events. Before an update it selects
    the stack, which every command names anyway. It exports the state with secrets, for which the engine derives the
    key from the passphrase; ``state`` has none.
    """

    def __init__(self, settings: Settings, workspace: auto.Workspace) -> None:
        self.settings, self.name, self.workspace = settings, settings.stack, workspace

    @override
    def __repr__(self) -> str:
        return f"LeanStack({self.name!r}, {self.workspace!r})"

    @override
    def outputs(self) -> auto.OutputMap:
        """An empty map; the outputs come from ``updates.up``."""
        return {}

    @override
    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:
        """What is known of the last update without asking: it succeeded, or this would not be called."""
        now = datetime.now(UTC)
        return auto.UpdateSummary("update", now, "", {}, {}, "succeeded", now)

    @override
    def _run_pulumi_cmd_sync(
        self, args: list[str], on_output: OnOutput | None = None, on_error: OnOutput | None = None
    ) -> CommandResult:
        """Has previews and deletions disregard protection: it is for updates, ``commands.destroy`` asks by itself."""
        if args[0] in {"preview", "destroy"}:
            args.append("--ignore-protect")
        return super()._run_pulumi_cmd_sync(args, on_output, on_error)

    def protect(self, urns: list[str]) -> None:
        """Protects these resources in the state from being replaced and deleted."""
        self._run_pulumi_cmd_sync(["state", "protect", *urns, "--yes"])

    def unprotect(self, urns: list[str]) -> None:
        """Lifts the protection of these resources in the state."""
        self._run_pulumi_cmd_sync(["state", "unprotect", *urns, "--yes"])

    def state(self) -> StackState:
        """The stack's state, its secrets encrypted; of a local stack it is read without the engine. Raises
        ``StackNotFoundError`` when it was never deployed."""
        if self.settings.local and backend.state_file(self.name).exists():
            return backend.read_state(self.name)
        exported = json.loads(self._run_pulumi_cmd_sync(["stack", "export"]).stdout)
        return StackState.from_deployment(exported["deployment"])
