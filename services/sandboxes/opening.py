"""Which generation of a sandbox is the present one, and the beginning of one that was never named before.

A sandbox exists as soon as it is named. Its first generation is made by the first request to the identity provider in
it, for without a token no other route has anything to do there. It ends after its ``ttl``, by real time; what is named
so afterwards is another generation, which sees nothing of it.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final
from zlib import crc32

from services import clock
from services.expiry import KEPT
from utils import table
from utils.attributes import Item
from utils.errors import NotFoundException, PSNEmulatorException
from utils.sandbox import NAME, Sandbox, sandbox_key
from utils.settings import DEFAULT_SANDBOX, settings
from utils.table import ConditionFailedError, Snapshot, Write
from utils.writes import ABSENT, EXISTS, Condition, Key, Update, equals, lacks

UNDECLARED: Final = timedelta(days=7)
"""How long a sandbox lives that was never declared."""

LONGEST: Final = timedelta(days=30)
"""How long a generation of a sandbox may live."""

_MOST_MET: Final = 1000
_SHARDS: Final = 16
_TIME_DIGITS: Final = 11


class InvalidSandboxException(PSNEmulatorException):
    """A sandbox is named by what cannot be a name."""

    status = 400
    code = "invalid_sandbox"
    title = "Invalid sandbox"

    def __init__(self) -> None:
        super().__init__("The name of a sandbox is 1 to 64 of a-z, 0-9 and hyphens.")


class SandboxMismatchException(PSNEmulatorException):
    """The path, the header, the body and the token of a request do not name the same sandbox."""

    status = 400
    code = "sandbox_mismatch"
    title = "Sandbox mismatch"

    def __init__(self) -> None:
        super().__init__("Path, header X-Sandbox, body and token must name the same sandbox.")


class SandboxNotFoundException(NotFoundException):
    """The sandbox was declared strict and has ended, or must be declared before it is used."""

    code = "sandbox_not_found"
    title = "Sandbox not found"

    def __init__(self) -> None:
        super().__init__("No such sandbox has begun, or it has ended: declare it.")


def require_name(name: str) -> str:
    """``name``; raises :class:`InvalidSandboxException` if it cannot be one."""
    if not NAME.fullmatch(name):
        raise InvalidSandboxException
    return name


def opened(name: str, prefix: str = "") -> Sandbox:
    """The sandbox ``name`` in its present generation; one that there is not, or no longer, begins.

    Raises :class:`SandboxNotFoundException` for one that was declared strict and is no longer there, and where the
    stack's setting ``sandboxes`` has it that none begins by itself.
    """
    key = sandbox_key(name)
    for _ in range(table.ATTEMPTS):
        item = table.get(key)
        sandbox = alive(Sandbox(name, prefix=prefix), item)
        if sandbox is not None:
            return sandbox
        if not begins_by_name(item):
            raise SandboxNotFoundException
        try:
            begin(name, item, {"ends_at": clock.real_seconds() + int(UNDECLARED.total_seconds())})
        except ConditionFailedError:
            continue  # another request has just begun it
    raise SandboxNotFoundException


def opened_with(
    name: str, prefix: str, keys_in: Callable[[Sandbox], Iterable[Key]]
) -> tuple[Sandbox, Snapshot]:
    """What :func:`opened` returns, and the items of ``keys_in`` it (BatchGetItem).

    One call reads both where this process met the sandbox last as it is now, and for the default one before its first
    reset.
    """
    taken_for = met.get(name, Sandbox(name))
    key, wanted = sandbox_key(name), list(keys_in(taken_for))
    if not wanted:
        sandbox = opened(name, prefix)
        wanted = list(keys_in(sandbox))
        return sandbox, table.get_many(wanted) if wanted else {}
    items = table.get_many([key, *wanted])
    sandbox = alive(Sandbox(name, prefix=prefix), items.get(key)) or opened(name, prefix)
    if sandbox.universe != taken_for.universe:
        items = table.get_many(keys_in(sandbox))
    if len(met) == _MOST_MET:
        met.clear()
    met[name] = sandbox
    return sandbox, items


met: Final[dict[str, Sandbox]] = {}
"""The sandboxes by name as this process met them last."""


def begins_by_name(item: Item | None) -> bool:
    """Whether a sandbox that is not there, with this ``item``, begins by being named: unless it was declared strict,
    where the stack's setting ``sandboxes`` lets any."""
    return settings().sandboxes == "open" and not (item and item.get("strict"))


def stored(name: str, prefix: str = "") -> Sandbox | None:
    """The sandbox ``name`` in its present generation; ``None`` if there is none (BatchGetItem)."""
    key = sandbox_key(name)
    return alive(Sandbox(name, prefix=prefix), table.get_many([key]).get(key))


def known(sandbox: Sandbox) -> Sandbox | None:
    """``sandbox`` in its present generation; ``None`` if there is none (GetItem)."""
    return alive(sandbox, table.get(sandbox_key(sandbox.name)))


def alive(sandbox: Sandbox, item: Item | None) -> Sandbox | None:
    """``sandbox`` with what its ``item`` knows; ``None`` if it has not begun, or has ended.

    The default one needs no item. What is written to it from now on is deleted after its longest life.
    """
    if sandbox.name != DEFAULT_SANDBOX and settings().sandboxes == "off":
        found = None
    elif item is None:
        found = sandbox if sandbox.name == DEFAULT_SANDBOX else None
    elif item.get("ends_at") is not None and item["ends_at"] <= clock.real_seconds():
        found = None
    else:
        found = sandbox.with_item(item)
    let_purge(found)
    return found


def let_purge(sandbox: Sandbox | None) -> None:
    """From now on have what is written to the generation of ``sandbox`` deleted after its longest life, if it ends."""
    ends = sandbox is not None and sandbox.ends_at is not None
    table.purge(*((f"{sandbox.universe}#", purge_at(sandbox.generation)) if sandbox and ends else ("", 0)))


def current(sandbox: Sandbox, items: Snapshot) -> Sandbox | None:
    """``sandbox``, of a token's generation, as its item among ``items`` has it; ``None`` if that is over."""
    found = alive(sandbox, items.get(sandbox_key(sandbox.name)))
    return found if found is not None and found.generation == sandbox.generation else None


def begin(
    name: str,
    before: Item | None,
    attributes: dict[str, Any],
    generation: str | None = None,
    further_writes: Iterable[Write] = (),
) -> str:
    """Begin a generation of the sandbox ``name`` with these ``attributes`` in its item; its name, by default a new one.

    ``further_writes`` are made in the same transaction. Raises :class:`ConditionFailedError` if its item is not as it
    was ``before``, or a condition of theirs does not hold.
    """
    generation = generation or new_generation()
    item = {
        "created_at": clock.real_seconds(),
        "strict": False,
        "is_declared": False,
        "seed": "default",
        **attributes,
        "generation": generation,
    }
    is_lasting = item.get("ends_at") is None
    purge = {} if is_lasting else {"purge_at": purge_at(generation)}
    own_purge = {} if item["strict"] else purge  # without its item it would begin by being named
    forgotten = [
        attribute
        for attribute in (before or {})
        if attribute not in {*item, *own_purge, "pk", "sk", "serial"}
    ]
    opening = Update(
        sandbox_key(name),
        assign={**item, **own_purge},
        add={"serial": 1},
        remove=tuple(forgotten),
        condition=unchanged(before),
    )
    entry = Update(
        listing_key(name), assign={"name": name, **purge}, remove=("purge_at",) if is_lasting else ()
    )
    table.transact(opening, entry, *further_writes)
    return generation


def unchanged(item: Item | None) -> Condition:
    """The condition that a sandbox's item is as it was read."""
    if not item:
        return ABSENT
    return equals("serial", item["serial"]) if "serial" in item else EXISTS & lacks("serial")


def new_generation() -> str:
    """A name that no generation had before: 11 hexadecimal digits of the real time in milliseconds, and 5 of chance."""
    return f"{time.time_ns() // 1_000_000:0{_TIME_DIGITS}x}{secrets.token_hex(3)[1:]}"


def began(generation: str) -> int:
    """When a generation with a name began, by real time in seconds since 1970."""
    return int(generation[:_TIME_DIGITS], 16) // 1000


def listing_key(name: str) -> Key:
    """The key of the item by which a sandbox is listed."""
    return f"#sandboxes#{crc32(name.encode()) % _SHARDS}", name


def listings() -> list[str]:
    """The partitions in which sandboxes are listed, each in order of names."""
    return [f"#sandboxes#{shard}" for shard in range(_SHARDS)]


def purge_at(generation: str) -> int:
    """When DynamoDB may delete what a generation holds that ends: nothing does before it can have ended."""
    since = began(generation) if generation else clock.real_seconds()
    return since + int((LONGEST + KEPT).total_seconds())
