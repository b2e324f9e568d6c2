"""Pages of a sandbox's users or clients: what was registered and what the stack's seed has, in order of their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.accounts import Origin
from services.identity.account_keys import accounts
from utils import table
from utils.attributes import Item
from utils.sandbox import Sandbox

if TYPE_CHECKING:
    from models.account_bodies import AccountsQuery

_QUERIED = 100


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page; ``next_cursor`` is the last name on it, ``None`` on the last page only."""

    entries: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Listed[E, T]:
    """What a list is of: entries whose sort keys begin with ``prefix``, and those of the seed by name.

    ``read`` reads an entry, ``told`` makes what is told of one.
    """

    prefix: str
    seeded: Mapping[str, E]
    read: Callable[[Item], E | None]
    told: Callable[[E, Origin], T]


def merged[E, T](sandbox: Sandbox, listed: Listed[E, T], query: "AccountsQuery") -> Page[T]:
    """The page of ``listed`` that ``query`` asks for: what was registered, and what of the seed no entry replaces or
    hides."""
    prefix, seeded = listed.prefix, listed.seeded
    after = query.cursor or ""
    left = sorted(((name, one) for name, one in seeded.items() if name > after), key=lambda pair: pair[0])
    found: list[tuple[str, T]] = []
    while len(found) <= query.limit:
        items = _registered(sandbox, prefix, after)
        last = items[-1]["sk"].removeprefix(prefix) if len(items) == _QUERIED else None
        own: dict[str, Any] = {item["sk"].removeprefix(prefix): listed.read(item) for item in items}
        names = sorted({*own, *(name for name, _ in left if last is None or name <= last)})
        of_seed = dict(left)
        for name in names:
            entry = own[name] if name in own else of_seed[name]
            if entry is not None:
                found.append((name, listed.told(entry, "registered" if name in own else "seed")))
        if last is None:
            break
        after, left = last, [pair for pair in left if pair[0] > last]
    page = found[: query.limit]
    return Page([one for _, one in page], page[-1][0] if len(found) > query.limit else None)


def _registered(sandbox: Sandbox, prefix: str, after: str) -> list[Item]:
    """Up to 100 items after the name ``after``."""
    if not sandbox.has_accounts:
        return []
    items = table.query(accounts(sandbox), limit=_QUERIED, after=f"{prefix}{after}")
    return [item for item in items if item["sk"].startswith(prefix)]
