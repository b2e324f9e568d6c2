"""What of a stack an update neither replaces nor deletes unless it is told to: the table and the secrets."""

from collections.abc import Collection

from infrastructure.errors import DeployError
from infrastructure.stack.names import PUBLIC_KEYS, SEED, SIGNING_KEYS
from infrastructure.stack.settings import Settings

KEPT = ("table", PUBLIC_KEYS, SEED, SIGNING_KEYS)
"""What they are called."""


def check_replaceable(settings: Settings, replaceable: Collection[str]) -> None:
    """Raises ``DeployError`` where one of ``replaceable`` is not ``KEPT``, or the stack's settings protect them."""
    if unknown := [name for name in replaceable if name not in KEPT]:
        raise DeployError(
            f"There is no {', '.join(unknown)} to replace.",
            f"REPLACE takes {', '.join(KEPT)}, or several by commas.",
        )
    if replaceable and settings.deletion_protection:
        raise DeployError(
            f"The table and the secrets of stack {settings.stack!r} are protected from deletion.",
            "From the tree of the release that runs, set psn-emulator:deletion_protection to false in the stack's file "
            f"and run make deploy-infra STACK={settings.stack}; then this again.",
        )
