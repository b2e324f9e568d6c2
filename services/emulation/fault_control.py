"""Rules of faults: made, told, deleted.

A rule and the number of rules in the sandbox's item are written together, so that no request looks for rules where
there are none, and none is overlooked. Ordinals begin at 1 in each generation.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from models.fault import FaultRule
from models.problems import FieldError
from services import clock
from services.emulation.fault_rules import MOST, PREFIX, StoredRule, rule_key, rules
from services.sandboxes.opening import SandboxNotFoundException, current, unchanged
from utils import strict_json, table
from utils.attributes import Item
from utils.errors import (
    InvalidCursorException,
    NotFoundException,
    PSNEmulatorException,
    ThrottledException,
    ValidationException,
)
from utils.sandbox import LAST_MOMENT, Sandbox, sandbox_key
from utils.settings import settings
from utils.table import ConditionFailedError
from utils.writes import EXISTS, Condition, Delete, Put, Update, equals, lacks

if TYPE_CHECKING:
    from models.fault_body import FaultRuleBody

_TOGETHER = 99
"""How many rules one transaction deletes; with the sandbox's item it has 100 writes, as many as DynamoDB takes."""


_RELATIVE: Final = re.compile(r"(?!//)(?![A-Za-z][A-Za-z0-9+.-]*:)[^\\]*")
"""A reference without a scheme and a host (RFC 3986 section 4.2)."""


class TooManyFaultsException(PSNEmulatorException):
    """The sandbox has as many rules as it may."""

    status = 409
    code = "too_many_faults"
    title = "Too many faults"

    def __init__(self) -> None:
        super().__init__(f"A sandbox has {MOST} rules at most: delete some.")


class FaultNotFoundException(NotFoundException):
    """The sandbox has no rule of this id."""

    code = "fault_not_found"
    title = "Fault not found"

    def __init__(self) -> None:
        super().__init__("There is no rule of this id.")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rules; ``next_cursor`` is the id of the last one, ``None`` on the last page only."""

    rules: list[FaultRule]
    next_cursor: str | None


def create(sandbox: Sandbox, body: "FaultRuleBody") -> FaultRule:
    """Make a rule.

    Raises :class:`ValidationException` when a ``Location`` leads elsewhere than to this API's origin,
    :class:`TooManyFaultsException`, and :class:`SandboxNotFoundException` when the sandbox ends meanwhile.
    """
    _require_own_locations(body)
    key = sandbox_key(sandbox.name)
    for _ in table.attempts():
        known = table.get(key)
        present = current(sandbox, {} if known is None else {key: known})
        if present is None:
            raise SandboxNotFoundException
        if present.fault_rules >= MOST:
            raise TooManyFaultsException
        ordinal = (known or {}).get("fault_ordinal", 0) + 1
        item = _item(present, body, ordinal, (known or {}).get("seed_number", 0))
        counted = Update(
            key,
            assign={"fault_ordinal": ordinal},
            add={"serial": 1, "fault_rules": 1},
            condition=unchanged(known),
        )
        try:
            table.transact(counted, Put(item))
        except ConditionFailedError:
            continue
        return StoredRule.from_item(item).told
    raise ThrottledException("Too many requests change this sandbox at once.")


def _require_own_locations(body: "FaultRuleBody") -> None:
    elsewhere = [
        FieldError(
            f"faults.{number}.headers", "location", "Location should be relative, or of this API's origin."
        )
        for number, step in enumerate(body.faults)
        if not isinstance(step, str)
        for name, value in (step.headers or {}).items()
        if name.lower() == "location" and not is_own_location(value)
    ]
    if elsewhere:
        raise ValidationException(elsewhere)


def is_own_location(value: str) -> bool:
    """Whether a browser that is sent to ``value`` stays on an origin of this API's. It reads a backslash as a slash,
    and any number of slashes at the beginning as two (URL Standard, section 4.4)."""
    if _RELATIVE.fullmatch(value):
        return True
    own = (urlsplit(issuer) for issuer in {settings().issuer, *settings().issuers})
    return "\\" not in value and any(
        value == origin or value.startswith((f"{origin}/", f"{origin}?", f"{origin}#"))
        for origin in (f"{base.scheme}://{base.netloc}" for base in own)
    )


def find(sandbox: Sandbox, rule_id: str) -> FaultRule:
    """The rule of this id; raises :class:`FaultNotFoundException`."""
    item = table.get(rule_key(sandbox, _ordinal(rule_id)))
    if item is None:
        raise FaultNotFoundException
    return _told(sandbox, item)


def page(sandbox: Sandbox, limit: int, cursor: str | None) -> Page:
    """A page of rules, the newest first. Raises :class:`InvalidCursorException`."""
    try:
        after = None if cursor is None else rule_key(sandbox, _ordinal(cursor))[1]
    except FaultNotFoundException:
        raise InvalidCursorException from None
    items = table.query(rules(sandbox), limit=limit + 1, after=after, descending=True)
    found = [_told(sandbox, item) for item in items[:limit]]
    return Page(found, found[-1].id if len(items) > limit else None)


def remove(sandbox: Sandbox, rule_id: str) -> None:
    """Delete the rule of this id; raises :class:`FaultNotFoundException`."""
    if not _removed(sandbox, [_ordinal(rule_id)]):
        raise FaultNotFoundException


def remove_all(sandbox: Sandbox) -> None:
    """Delete all rules that there are; those that are made meanwhile may stay."""
    for _ in table.attempts():
        items = table.query(rules(sandbox), limit=MOST)
        if not items:
            return
        for some in batched((int(item["sk"]) for item in items), _TOGETHER, strict=False):
            if not _removed(sandbox, some):
                break
    raise ThrottledException("Too many requests change this sandbox at once.")


def _removed(sandbox: Sandbox, ordinals: Iterable[int]) -> bool:
    """Delete these rules, all or none; whether they were there."""
    deletions = [Delete(rule_key(sandbox, ordinal), EXISTS) for ordinal in ordinals]
    counted = Update(
        sandbox_key(sandbox.name),
        add={"serial": 1, "fault_rules": -len(deletions)},
        condition=_in_generation(sandbox),
    )
    try:
        table.transact(counted, *deletions)
    except ConditionFailedError:
        return False
    return True


def _in_generation(sandbox: Sandbox) -> Condition:
    return equals("generation", sandbox.generation) if sandbox.generation else lacks("generation")


def _ordinal(rule_id: str) -> int:
    digits = rule_id.removeprefix(PREFIX)
    is_ours = rule_id.startswith(PREFIX) and digits.isascii() and digits.isdecimal() and digits[0] != "0"
    if not is_ours or len(digits) > len(rule_key(Sandbox(), 0)[1]):
        raise FaultNotFoundException
    return int(digits)


def _told(sandbox: Sandbox, item: Item) -> FaultRule:
    """What the API tells of a rule: of one that has expired, that it acts on no more requests."""
    told = StoredRule.from_item(item).told
    is_over = told.expires_at is not None and told.expires_at <= clock.now(sandbox)
    return replace(told, remaining=0) if is_over else told


def _item(sandbox: Sandbox, body: "FaultRuleBody", ordinal: int, seed: int) -> Item:
    now = clock.now(sandbox)
    then = body.then or ("repeat" if len(body.faults) == 1 else "pass")
    ends = [body.times, len(body.faults) if then == "pass" else None]
    limit = min((end for end in ends if end is not None), default=None)
    lasts = None if body.expires_in is None else timedelta(seconds=body.expires_in)
    rule = {
        "match": body.match.to_match(),
        "faults": [step if isinstance(step, str) else step.to_fault() for step in body.faults],
        "then": then,
        "times": body.times,
        "probability": body.probability,
        "created_at": now,
        "expires_at": None if lasts is None else now + min(lasts, LAST_MOMENT - now),
    }
    pk, sk = rule_key(sandbox, ordinal)
    end = {} if limit is None else {"limit": limit}
    return {"pk": pk, "sk": sk, "rule": strict_json.dump(rule), "seed": seed, "hits": 0, **end}
