"""A sandbox: users, clients, players, statistics, tokens and a clock that nothing else shares.

It is what a request is about, and says where its data is. Its item in the table, ``<name>#sandbox``, notes what is
known of it; ``services.sandboxes.opening`` reads and makes that. Times there are in microseconds since 1970, except
``ends_at`` and ``purge_at``, which are in seconds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from models import sandbox_name
from utils.base_url import base_url
from utils.settings import DEFAULT_SANDBOX
from utils.writes import Key

if TYPE_CHECKING:
    from models.limit import SandboxLimit

NAME: Final = re.compile(sandbox_name.PATTERN)
GENERATION: Final = re.compile(r"[0-9a-f]{1,16}")

FIRST_MOMENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The bounds of a sandbox's clock in whole seconds: what a token can tell of, and a year less than what Python can, so
that whatever is issued then has its whole life before it."""

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """What the time is in a sandbox: that of the machine and ``offset``, or ``frozen_at``, where it stands still."""

    offset: timedelta = timedelta()
    frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        return self.at(datetime.now(UTC))

    def at(self, real: datetime) -> datetime:
        """What the time is at the ``real`` moment; the last moment of all is never over."""
        if self.frozen_at is not None:
            return self.frozen_at
        return real + min(self.offset, LAST_MOMENT - real)

    def to_attributes(self) -> dict[str, int | None]:
        """The clock as attributes of the sandbox's item."""
        frozen = None if self.frozen_at is None else (self.frozen_at - FIRST_MOMENT) // _MICROSECOND
        return {"clock_offset": self.offset // _MICROSECOND, "clock_frozen_at": frozen}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "SandboxClock":
        """The clock in a sandbox's item."""
        frozen = item.get("clock_frozen_at")
        return cls(
            timedelta(microseconds=item.get("clock_offset", 0)),
            None if frozen is None else FIRST_MOMENT + frozen * _MICROSECOND,
        )


REAL: Final = SandboxClock()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox as a request meets it.

    ``generation`` is another after every reset and every new beginning, empty of the default sandbox before its first
    reset: data of one generation is out of reach of the next. ``prefix`` is what the request's URL has between the
    API's base URL and the path, ``/s/<name>`` where the URL names the sandbox. ``ends_at`` is when it vanishes, by real
    time in seconds since 1970, ``None`` if never. ``has_accounts`` says whether users or clients were registered in it,
    ``is_seeded`` whether it has those of the stack's seed, and ``fault_rules`` how many rules inject faults. ``limit``
    is its rate limit, if it has one.
    """

    name: str = DEFAULT_SANDBOX
    generation: str = ""
    prefix: str = ""
    clock: SandboxClock = REAL
    ends_at: int | None = None
    has_accounts: bool = False
    is_seeded: bool = True
    fault_rules: int = 0
    limit: "SandboxLimit | None" = None

    @property
    def universe(self) -> str:
        """What the keys of its data begin with: the name, and the generation after an ``@``."""
        return f"{self.name}@{self.generation}" if self.generation else self.name

    @property
    def issuer(self) -> str:
        """The issuer of the tokens that are asked for at this base URL, which is that URL."""
        return base_url() + self.prefix

    def url(self, path: str) -> str:
        """The absolute URL of a path of the API under this base URL."""
        return self.issuer + path

    def with_item(self, item: Mapping[str, Any]) -> "Sandbox":
        """The sandbox with what its item knows."""
        return replace(
            self,
            generation=item.get("generation", ""),
            clock=SandboxClock.from_item(item),
            ends_at=item.get("ends_at"),
            has_accounts=item.get("accounts", 0) > 0,
            is_seeded=item.get("is_seeded", True),
            fault_rules=item.get("fault_rules", 0),
            limit=_limit(item),
        )


def _limit(item: Mapping[str, Any]) -> "SandboxLimit | None":
    """The limit in a sandbox's item, if there is one; its class is loaded only then."""
    if "limit" not in item:
        return None
    from models.limit import SandboxLimit

    return SandboxLimit.from_item(item)


DEFAULT: Final = Sandbox()
"""The default sandbox before anything is known of it."""


def sandbox_key(name: str) -> Key:
    """The key of a sandbox's item, which is of no generation."""
    return f"{name}#sandbox", "-"
