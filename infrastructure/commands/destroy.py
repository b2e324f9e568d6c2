"""The command that deletes a stack, and the preview of it."""

from contextlib import nullcontext

from infrastructure.automation import exclusion, updates, workspace
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.local import doors
from infrastructure.release.state import SECRET, TABLE, resource_name, short_type
from infrastructure.review.changes import ChangeLog
from infrastructure.review.review import Review
from infrastructure.stack.settings import Settings
from infrastructure.terminal.engine_progress import EngineProgress


def check_deletable(settings: Settings) -> None:
    """Raises ``DeployError`` where resources of the stack are protected from deletion, naming them."""
    state = workspace.read_state(settings)
    protected = {urn: item for urn, item in state.resources.items() if item.get("protect")}
    lasting = [
        item
        for item in protected.values()
        # The table and the secrets are protected from updates on every stack.
        if item["type"] not in {TABLE, SECRET} or item["inputs"].get("deletionProtectionEnabled")
    ]
    if lasting:
        names = [f"{short_type(item['type'])} {resource_name(urn)}" for urn, item in protected.items()]
        also = " and psn-emulator:accept_data_loss to true" if settings.environment == "prod" else ""
        raise DeployError(
            f"Stack {settings.stack!r} is protected from deletion: {', '.join(names)}.",
            f"Set psn-emulator:deletion_protection to false{also} in its file, run "
            f"make deploy-infra STACK={settings.stack}, then this again.",
        )


def destroy(settings: Settings, *, dry_run: bool) -> Review:
    """Deletes the stack's resources, unless it is a ``dry_run``; what is deleted. The history stays. Raises
    ``DeployError``."""
    total = workspace.read_state(settings).size
    if not dry_run:
        readiness.prepare_deploy(settings)
    held = nullcontext() if dry_run else exclusion.exclusive(settings.stack)
    with held, workspace.open_stack(settings, may_create=False) as opened:
        if not dry_run:
            workspace.recover(opened)
        log = ChangeLog()
        with (
            updates.translate_errors(log, f"Deleting {settings.stack} failed", settings),
            EngineProgress("destroy", total=total, transient=dry_run) as progress,
        ):
            opened.destroy(
                on_event=updates.fan_out(log.record, progress.record),
                color="never",
                preview_only=dry_run,
                message="destroy",
            )
        if not dry_run:
            readiness.persist(settings)
            doors.forget(settings.stack)
        return Review(settings.stack, tuple(log.changes))
