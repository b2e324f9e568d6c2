"""A sandbox's rate limit: set, read and taken away, and counted per client.

It is kept in the sandbox's item, so that it costs nothing where there is none. A client's requests of a window are
counted in an item of their own, by one atomic update each, so that no two are counted as one. Windows are of real time;
the first begins when the limit is set.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from models import durations
from models.limit import RateLimit, SandboxLimit
from services import keys
from services.emulation.callers import caller_of
from services.sandboxes.item_changes import changed
from utils import table
from utils.errors import NotFoundException
from utils.http import Request
from utils.sandbox import Sandbox
from utils.writes import Update

if TYPE_CHECKING:
    from models.limit_body import LimitBody

_MICROSECONDS: Final = 1_000_000
_KEPT_SECONDS: Final = 60
_POLICY: Final = '"default"'
"""The policy's name, as a String of RFC 9651."""


class LimitNotFoundException(NotFoundException):
    """The sandbox has no rate limit."""

    code = "limit_not_found"
    title = "Limit not found"

    def __init__(self) -> None:
        super().__init__("This sandbox has no rate limit.")


@dataclass(frozen=True, slots=True)
class Counted:
    """A request that was counted: how many its client has ``left`` in this window, negative where it was too many, and
    the whole seconds until the next one begins, at the least."""

    limit: SandboxLimit
    left: int
    seconds: int

    @property
    def is_over(self) -> bool:
        """Whether it was one too many."""
        return self.left < 0

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer tells of the limit."""
        left = max(self.left, 0)
        if self.limit.headers == "legacy":
            return {
                "RateLimit-Limit": str(self.limit.requests),
                "RateLimit-Remaining": str(left),
                "RateLimit-Reset": str(self.seconds),
            }
        return {
            "RateLimit-Policy": f"{_POLICY};q={self.limit.requests};w={self.limit.window_seconds}",
            "RateLimit": f"{_POLICY};r={left};t={self.seconds}",
        }


def put(sandbox: Sandbox, body: "LimitBody") -> RateLimit:
    """Limit the rate of each client's requests to the partner's routes of ``sandbox``; all begin to count anew.

    Raises :class:`SandboxNotFoundException` when the sandbox ends meanwhile.
    """
    limit = SandboxLimit(body.requests, int(body.window.total_seconds()), body.headers, _now())
    changed(sandbox, lambda _: {"limit": limit.to_attribute()})
    return _told(limit)


def read(sandbox: Sandbox) -> RateLimit:
    """The rate limit of ``sandbox``; raises :class:`LimitNotFoundException` where it has none."""
    if sandbox.limit is None:
        raise LimitNotFoundException
    return _told(sandbox.limit)


def remove(sandbox: Sandbox) -> None:
    """Have no rate limit in ``sandbox``, whether there was one or not."""
    if sandbox.limit is not None:
        changed(sandbox, lambda _: {"limit": None})


def count(request: Request, limit: SandboxLimit) -> Counted:
    """Count ``request`` among those that its client sends in the present window (UpdateItem)."""
    window, over = divmod(max(0, _now() - limit.began_at), limit.window_seconds * _MICROSECONDS)
    left_of_window = limit.window_seconds - over // _MICROSECONDS
    update = Update(
        (
            keys.partition(request.sandbox, "limit", _client(request)),
            f"{limit.began_at}#{window}",
        ),
        add={"requests": 1},
        assign={"purge_at": int(time.time()) + left_of_window + _KEPT_SECONDS},
    )
    return Counted(limit, limit.requests - table.write(update)["requests"], left_of_window)


def _client(request: Request) -> str:
    """Whose requests are counted together: the client's of the access token; where the gateway asks for none, and so
    anybody may name any client, those from one address that name the same client, or none."""
    client_id = caller_of(request).client_id
    name = "" if client_id is None else f"client {client_id}"
    if not request.claims:
        name = f"address {request.source} {name}"
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _told(limit: SandboxLimit) -> RateLimit:
    window = durations.iso8601(timedelta(seconds=limit.window_seconds))
    return RateLimit(limit.requests, window, limit.headers)


def _now() -> int:
    return time.time_ns() // 1000
