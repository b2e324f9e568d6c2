"""Sandboxes that are declared: made, described, reset to their seed, deleted.

A generation is written before the sandbox's item names it, and the item is changed on the condition that it is as it
was read. So whatever breaks off, a sandbox is as it was or as it was to be; what is left over is deleted in time.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from models.durations import iso8601
from models.problems import FieldError
from models.sandbox import Sandbox as Described
from services import clock
from services.sandboxes import seed_documents
from services.sandboxes.content import settled
from services.sandboxes.opening import (
    LONGEST,
    UNDECLARED,
    SandboxNotFoundException,
    alive,
    began,
    begin,
    begins_by_name,
    listing_key,
    new_generation,
    purge_at,
    unchanged,
)
from services.sandboxes.planting import clock_attributes, plant, require_operator
from services.sandboxes.seed import DOCUMENT, Seed
from utils import table
from utils.attributes import Item
from utils.base_url import base_url
from utils.errors import PSNEmulatorException, ThrottledException, ValidationException
from utils.sandbox import Sandbox, sandbox_key
from utils.settings import DEFAULT_SANDBOX
from utils.table import ConditionFailedError
from utils.writes import Delete, Update

if TYPE_CHECKING:
    from models.sandbox_body import SandboxBody
    from services.sandboxes.content import Content

_KEPT_ATTRIBUTES = ("strict", "is_declared", "ttl")
"""The attributes of a sandbox's item, besides its seed, that it has in every generation."""


class DefaultSandboxException(PSNEmulatorException):
    """The default sandbox is always there."""

    status = 409
    code = "default_sandbox"
    title = "Default sandbox"

    def __init__(self) -> None:
        super().__init__("The default sandbox cannot be deleted; reset it.")


def find(name: str) -> tuple[Sandbox, Item]:
    """The sandbox ``name`` and its item, empty for the default one before anything is known of it (GetItem).

    Raises :class:`SandboxNotFoundException`.
    """
    item = table.get(sandbox_key(name))
    sandbox = alive(Sandbox(name), item)
    if sandbox is None:
        raise SandboxNotFoundException
    return sandbox, item or {}


def describe(sandbox: Sandbox, item: Item) -> Described:
    """What the API tells of a sandbox."""
    seed = Seed.from_item(item)
    since = began(sandbox.generation) if sandbox.generation else None
    is_lasting = sandbox.name == DEFAULT_SANDBOX
    return Described(
        name=sandbox.name,
        base_url=base_url() + ("" if is_lasting else f"/s/{sandbox.name}"),
        seed=seed.name,
        seed_number=seed.number,
        reset_pending=item.get("begun_with", Seed().mark) != seed.mark,
        ttl=None if is_lasting else iso8601(_ttl(item)),
        strict=item.get("strict", False),
        declared=item.get("is_declared", False),
        began_at=None if since is None else datetime.fromtimestamp(since, UTC),
        ends_at=None if sandbox.ends_at is None else datetime.fromtimestamp(sandbox.ends_at, UTC),
    )


def declare(name: str, body: "SandboxBody") -> tuple[Described, bool]:
    """Make the sandbox ``name``, or let one that there is have another seed, end and strictness; and whether it is new.

    One that there is keeps what it holds until it is reset. Raises :class:`ValidationException` for an end after the
    longest life of a generation, and for what the default sandbox cannot have, and :class:`NoOperatorException`.
    """
    _require_possible(name, body)
    seed, content = _seed(body)
    require_operator(name, content)
    attributes = {"strict": body.strict, "is_declared": True, "ttl": _seconds(body.ttl or UNDECLARED)}
    for item in _readings(name):
        sandbox = alive(Sandbox(name), item)
        try:
            if sandbox is None:
                return renewed(name, item, seed, content, attributes), True
            seed.keep(name, content, None if sandbox.ends_at is None else purge_at(new_generation()))
            changed = _changed(sandbox, item, body.ttl, {**attributes, **seed.to_attributes()})
        except ConditionFailedError:
            continue
        Seed.from_item(item or {}).forget(name)
        return describe(alive(sandbox, changed) or sandbox, changed), False
    raise ThrottledException("Too many requests change this sandbox at once.")


def reset(name: str) -> Described:
    """Begin another generation of the sandbox ``name``, which holds its seed; one that may be begun by being named, and
    has not, begins. Raises :class:`SandboxNotFoundException` and :class:`NoOperatorException`."""
    for item in _readings(name):
        if alive(Sandbox(name), item) is None:
            if not begins_by_name(item):
                raise SandboxNotFoundException
            with suppress(ConditionFailedError):
                return renewed(name, item, Seed(), {}, {})
            continue
        seed = Seed.from_item(item or {})
        content = seed.content(name)
        if content is None:
            continue
        require_operator(name, content)
        try:
            return renewed(name, item, seed, content, kept(item))
        except ConditionFailedError:
            continue
    raise ThrottledException("Too many requests change this sandbox at once.")


def delete(name: str) -> None:
    """End the sandbox ``name`` now. Raises :class:`SandboxNotFoundException` and :class:`DefaultSandboxException`.

    Its item stays, so that a strict one is not made by being named.
    """
    if name == DEFAULT_SANDBOX:
        raise DefaultSandboxException
    for item in _readings(name):
        if item is None or alive(Sandbox(name), item) is None:
            raise SandboxNotFoundException
        end = Update(
            sandbox_key(name),
            assign={"ends_at": clock.real_seconds()},
            add={"serial": 1},
            condition=unchanged(item),
        )
        try:
            table.transact(end, Delete(listing_key(name)))
        except ConditionFailedError:
            continue
        Seed.from_item(item).forget(name)
        return
    raise ThrottledException("Too many requests change this sandbox at once.")


def kept(item: Item | None) -> dict[str, Any]:
    """The attributes of a sandbox's item that its next generation has too."""
    return {name: item[name] for name in _KEPT_ATTRIBUTES if item and name in item}


def renewed(
    name: str, before: Item | None, seed: Seed, content: "Content", attributes: dict[str, Any]
) -> Described:
    """Begin a generation of ``content``, whose item has these ``attributes`` and the ``seed``.

    Raises :class:`ConditionFailedError` if the item is not as it was ``before``.
    """
    generation = new_generation()
    ends_at = None if name == DEFAULT_SANDBOX else clock.real_seconds() + _seconds(_ttl(attributes))
    sandbox = Sandbox(name, generation, ends_at=ends_at)
    seed.keep(name, content, None if ends_at is None else purge_at(generation))
    accounts = plant(sandbox, content)
    item = {
        **attributes,
        **seed.to_attributes(),
        **accounts.to_attributes(),
        **clock_attributes(content),
        "begun_with": seed.mark,
        "ends_at": ends_at,
    }
    begin(name, before, item, generation)
    former = Seed.from_item(before or {})
    if former.document_id != seed.document_id:
        former.forget(name)
    return describe(sandbox, item)


def _readings(name: str) -> Iterator[Item | None]:
    """The sandbox's item as it is, again and again as long as writers collide."""
    for _ in range(table.ATTEMPTS):
        yield table.get(sandbox_key(name))


def _changed(sandbox: Sandbox, item: Item | None, ttl: timedelta | None, attributes: dict[str, Any]) -> Item:
    """The item of a sandbox that there is, after its change."""
    change = {**attributes, "begun_with": (item or {}).get("begun_with", Seed().mark)}
    if sandbox.ends_at is not None:
        change["ends_at"] = _end(sandbox, ttl)
        if not change["strict"]:
            change["purge_at"] = purge_at(sandbox.generation)
    return table.write(
        Update(
            sandbox_key(sandbox.name),
            assign=change,
            remove=() if "purge_at" in change else ("purge_at",),
            add={"serial": 1},
            condition=unchanged(item),
        )
    )


def _end(sandbox: Sandbox, ttl: timedelta | None) -> int:
    """When a sandbox ends that has ``ttl`` left, which a generation may not be too old for."""
    latest = began(sandbox.generation) + _seconds(LONGEST)
    ends_at = clock.real_seconds() + _seconds(ttl or UNDECLARED)
    if ttl is not None and ends_at > latest:
        sentence = "The sandbox would live for over 30 days; reset it first."
        raise ValidationException([FieldError("ttl", "too_long", sentence)])
    return min(ends_at, latest)


def _seed(body: "SandboxBody") -> tuple[Seed, "Content"]:
    """The seed that a body gives, and what it holds."""
    if isinstance(body.seed, str):
        seed = Seed(body.seed, body.seed_number)
        return seed, seed.content("") or {}
    content = settled(body.seed, datetime.now(UTC))
    if not content.pop("is_last"):
        raise ValidationException([FieldError("seed.is_last", "document", "A seed is a whole document.")])
    seed = Seed(DOCUMENT, body.seed_number, seed_documents.new_id())
    return replace(seed, pieces=seed_documents.number_of_pieces(content)), content


def _require_possible(name: str, body: "SandboxBody") -> None:
    if name != DEFAULT_SANDBOX:
        return
    sentence = "The default sandbox is always there."
    if faults := [
        FieldError(member, "default_sandbox", sentence)
        for member, given in (("ttl", body.ttl is not None), ("strict", body.strict))
        if given
    ]:
        raise ValidationException(faults)


def _ttl(attributes: Item) -> timedelta:
    return timedelta(seconds=attributes.get("ttl", _seconds(UNDECLARED)))


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
