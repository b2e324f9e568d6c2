"""Rules of faults: what they are, which requests they mean, and how often they act."""

from tests.support.gateway import Gateway
from tests.unit.emulation.conftest import Rule

APPLIED = "x-emulator-fault-applied"
UNAVAILABLE = {"status": 503, "retry_after": 2}


def statuses(caller: Gateway, count: int, target: str = "/players") -> list[int]:
    return [caller.get(target).status for _ in range(count)]


def test_a_rule_acts_until_it_is_deleted(caller: Gateway, rule: Rule) -> None:
    told = rule(UNAVAILABLE)
    assert (told["id"], told["then"], told["hits"], told["remaining"]) == ("fault-1", "repeat", 0, None)
    answer = caller.get("/players")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert answer.headers[APPLIED] == "fault-1"
    assert caller.delete("/_emulator/faults/fault-1").status == 204
    answer = caller.get("/players")
    assert (answer.status, APPLIED in answer.headers) == (200, False)
