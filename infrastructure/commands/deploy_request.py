"""What a deploy is asked for, and what it came to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infrastructure.stack import kept
from infrastructure.stack.settings import Settings
from infrastructure.terminal.phases import Phases

if TYPE_CHECKING:
    from infrastructure.commands.promote import Promotion


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """A deploy of the stack of ``settings``.

    ``infrastructure_only`` leaves the deployed image, ``image_only`` leaves all but the image and what depends on it.
    ``force`` makes a new release of the same content, ``refresh`` refreshes the state first. A ``promotion`` brings the
    release of another stack. ``replaceable`` names what of the table and the secrets it may replace and delete. Raises
    ``DeployError`` as ``kept.check_replaceable`` does.
    """

    settings: Settings
    infrastructure_only: bool = False
    image_only: bool = False
    force: bool = False
    refresh: bool = False
    promotion: "Promotion | None" = None
    replaceable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        kept.check_replaceable(self.settings, self.replaceable)

    @property
    def kind(self) -> str:
        """What the history calls the update."""
        if self.promotion:
            return f"promote from {self.promotion.source.stack}"
        return "infrastructure" if self.infrastructure_only else "image" if self.image_only else "deploy"

    @property
    def is_of_the_tree(self) -> bool:
        """Whether it brings all that the tree says, and leaves nothing unprotected."""
        partial = self.infrastructure_only or self.image_only or self.settings.image_by_promotion
        return not (partial or self.promotion or self.replaceable)


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What a deploy came to: the stack's ``outputs``, its ``changes`` in words, such as ``2 updated``, and the
    ``phases`` that its time went to. ``lost_table`` is the name of the table that was there no more, and is new."""

    outputs: dict[str, object]
    changes: str
    phases: Phases
    lost_table: str | None = None
