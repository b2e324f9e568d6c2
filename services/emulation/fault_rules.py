"""The rules of faults of a sandbox, each an item of the partition ``<universe>#faults``, and the one that a request
meets.

The sandbox's item, which every request has read, says how many there are: as long as it is none, nothing is read. A
rule's ``hits`` are counted in the table, so that a sequence goes on and ends exactly, whoever asks at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from models.fault import PASS, Fault, FaultRule, Passing
from models.matching import Match
from services import clock, keys
from services.emulation.draws import milliseconds, share
from services.emulation.matching import Asked, matches
from utils import strict_json, table
from utils.attributes import Item
from utils.http import Request
from utils.sandbox import Sandbox
from utils.table import ConditionFailedError
from utils.writes import Key, Update, below, has

MOST: Final = 100
"""How many rules a sandbox may have."""
PREFIX: Final = "fault-"
"""What the id of a rule begins with; its ordinal follows."""

_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that a request meets, its delay a number; ``source`` is a rule's id, ``header`` or ``magic``."""

    fault: Fault
    source: str
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it is stored. ``seed`` is the sandbox's seed number when it was made, ``limit`` how many requests it
    acts on, ``None`` if there is no end."""

    told: FaultRule
    ordinal: int
    seed: int
    limit: int | None

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """The rule of an item."""
        said = strict_json.parse(item["rule"])
        limit, ordinal = item.get("limit"), int(item["sk"])
        expires_at = said["expires_at"]
        told = FaultRule(
            id=f"{PREFIX}{ordinal}",
            match=Match(**said["match"]),
            faults=[step if step == PASS else Fault.from_json(step) for step in said["faults"]],
            then=said["then"],
            times=said["times"],
            probability=said["probability"],
            hits=item["hits"],
            remaining=None if limit is None else limit - item["hits"],
            created_at=datetime.fromisoformat(said["created_at"]),
            expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        )
        return cls(told, ordinal, item["seed"], limit)

    def step(self, hit: int) -> Fault | Passing:
        """What happens to the request that the rule acts on as its ``hit``-th, from 1."""
        faults = self.told.faults
        if hit > len(faults) and self.told.then == "last":
            return faults[-1]
        return faults[(hit - 1) % len(faults)]


def rules(sandbox: Sandbox) -> str:
    """The partition of the rules."""
    return keys.partition(sandbox, "faults")


def rule_key(sandbox: Sandbox, ordinal: int) -> Key:
    """The key of a rule."""
    return rules(sandbox), f"{ordinal:0{_DIGITS}}"


def met(sandbox: Sandbox, request: Request) -> Injected | None:
    """The fault that a rule of ``sandbox`` has for ``request``: the first one of the newest rule that means it.

    A rule that has expired, that is used up, or whose probability misses counts as none; a step ``pass`` is no fault,
    and no other rule is asked.
    """
    if not sandbox.fault_rules:
        return None
    asked, now = Asked.of(request), clock.now(sandbox)
    for item in table.query(rules(sandbox), limit=MOST, descending=True):
        rule = StoredRule.from_item(item)
        told = rule.told
        is_over = told.remaining == 0 or (told.expires_at is not None and told.expires_at <= now)
        if is_over or not matches(told.match, asked) or _misses(sandbox, rule):
            continue
        hit = _counted(sandbox, rule, "hits")
        if hit is not None:
            return _injected(rule, hit)
    return None


def _misses(sandbox: Sandbox, rule: StoredRule) -> bool:
    """Whether the rule's probability lets this request alone."""
    if rule.told.probability is None:
        return False
    draw = _counted(sandbox, rule, "draws")
    return draw is None or share(rule.seed, rule.ordinal, "probability", draw) >= rule.told.probability


def _counted(sandbox: Sandbox, rule: StoredRule, counter: str) -> int | None:
    """The counter of the rule, 1 more than before; ``None`` if it is used up or deleted meanwhile (UpdateItem)."""
    condition = has("pk") if rule.limit is None else below("hits", rule.limit)
    try:
        item = table.write(Update(rule_key(sandbox, rule.ordinal), add={counter: 1}, condition=condition))
    except ConditionFailedError:
        return None
    return int(item[counter])


def _injected(rule: StoredRule, hit: int) -> Injected | None:
    fault = rule.step(hit)
    if not isinstance(fault, Fault):
        return None
    delay = (
        0 if fault.delay_ms is None else milliseconds(fault.delay_ms, rule.seed, rule.ordinal, "delay", hit)
    )
    return Injected(fault, rule.told.id, delay)
