"""Rules of faults: what they are, which requests they mean, and how often they act."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import main
from services.sandboxes import declared
from services.sandboxes.opening import opened
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.interception import Call, Intercept
from tests.unit.emulation.conftest import Rule

APPLIED = "x-emulator-fault-applied"
FAULTS = "/_emulator/faults"
UNAVAILABLE = {"status": 503, "retry_after": 2}


def statuses(caller: Gateway, count: int, **options: Any) -> list[int]:
    return [caller.get("/players", **options).status for _ in range(count)]


def test_a_rule_acts_until_it_is_deleted(caller: Gateway, rule: Rule) -> None:
    told = rule(UNAVAILABLE)
    assert (told["id"], told["then"], told["hits"], told["remaining"]) == ("fault-1", "repeat", 0, None)
    answer = caller.get("/players")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "2")
    assert answer.headers[APPLIED] == "fault-1"
    assert caller.get(f"{FAULTS}/fault-1").data == {**told, "hits": 1}
    assert caller.delete(f"{FAULTS}/fault-1").status == 204
    answer = caller.get("/players")
    assert (answer.status, APPLIED in answer.headers) == (200, False)


def test_what_was_said_is_told(caller: Gateway) -> None:
    said = {
        "match": {"method": "get", "path": "/players/*", "header": {"X-Run": "7"}},
        "faults": [
            {
                "delay_ms": {"uniform": [1, 2]},
                "status": 200,
                "body": {"a": [1.5, None]},
                "headers": {"A": "b"},
            },
            "pass",
            {"delay_ms": {"normal": {"mean": 800, "sd": 2.5}}},
        ],
        "times": 9,
        "probability": 0.25,
        "expires_in": 60,
    }
    answer = caller.post(FAULTS, said)
    assert answer.status == 201
    assert answer.headers["location"] == "https://partner.test/_emulator/faults/fault-1"
    told = caller.get(f"{FAULTS}/fault-1").data
    assert told == answer.data
    assert told["match"] == {
        "method": "GET",
        "path": "/players/*",
        "header": {"X-Run": "7"},
        **dict.fromkeys(("sub", "client_id", "player_id")),
    }
    assert {name: told["faults"][0][name] for name in said["faults"][0]} == said["faults"][0]  # type: ignore[index]
    assert told["faults"][1] == "pass"
    assert told["faults"][2]["delay_ms"] == {"normal": {"mean": 800, "sd": 2.5}}
    assert (told["then"], told["times"], told["probability"], told["remaining"]) == ("pass", 9, 0.25, 3)
    again = {name: told[name] for name in ("match", "faults", "then", "times", "probability")}
    assert caller.post(FAULTS, again).status == 201


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"faults": [{"status": 503}, {"status": 500}]}, [503, 500, 200, 200, 200]),
        ({"faults": [{"status": 503}, {"status": 500}], "then": "repeat"}, [503, 500, 503, 500, 503]),
        ({"faults": [{"status": 503}, {"status": 500}], "then": "last"}, [503, 500, 500, 500, 500]),
        ({"faults": [{"status": 503}, "pass"], "then": "repeat", "times": 3}, [503, 200, 503, 200, 200]),
        ({"faults": [{"status": 503}], "times": 2}, [503, 503, 200, 200, 200]),
        ({"faults": [{"status": 503}], "then": "pass"}, [503, 200, 200, 200, 200]),
        ({"faults": [{"status": 503}, {"status": 500}], "times": 1}, [503, 200, 200, 200, 200]),
    ],
)
def test_a_sequence_goes_on_as_its_end_says(
    caller: Gateway, rule: Rule, said: dict[str, Any], expected: list[int]
) -> None:
    rule(*said.pop("faults"), **said)
    assert statuses(caller, 5) == expected


def test_the_newest_rule_decides_and_one_that_is_over_counts_as_none(caller: Gateway, rule: Rule) -> None:
    rule({"status": 500})
    rule({"status": 501}, match={"method": "DELETE"})
    rule({"status": 502}, "pass")
    answers = [caller.get("/players") for _ in range(3)]
    assert [answer.headers.get(APPLIED) for answer in answers] == ["fault-3", None, "fault-1"]
    assert [answer.status for answer in answers] == [502, 200, 500]
    assert [told["remaining"] for told in caller.get(FAULTS).data] == [0, None, None]


def test_a_rule_expires_by_the_clock_of_its_sandbox(caller: Gateway, rule: Rule) -> None:
    rule(UNAVAILABLE, expires_in=60)
    assert statuses(caller, 1) == [503]
    assert caller.put("/_emulator/clock", {"advance": "PT61S"}).status == 200
    assert statuses(caller, 1) == [200]
    [told] = caller.get(FAULTS).data
    assert (told["hits"], told["remaining"]) == (1, 0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"times": 20, "then": "repeat"}, {503: 10, 500: 10, 200: 30}),
        ({}, {503: 1, 500: 1, 200: 48}),
        ({"then": "last"}, {503: 1, 500: 49}),
        ({"then": "repeat", "probability": 0.5}, None),
    ],
)
def test_sequences_and_times_are_exact_however_many_ask_at_once(
    caller: Gateway, rule: Rule, said: dict[str, Any], expected: Mapping[int, int] | None
) -> None:
    rule({"status": 503}, {"status": 500}, **said)
    _ = main.players_list
    with ThreadPoolExecutor(50) as pool:
        found = Counter(pool.map(lambda _: caller.get("/players").status, range(50)))
    if expected is not None:
        assert found == expected
    hits = caller.get(f"{FAULTS}/fault-1").data["hits"]
    assert hits == found[503] + found[500]
    assert found[503] - found[500] in {0, 1} or said.get("then") == "last"


def chance(caller: Gateway, rule: Rule) -> list[int]:
    rule({"status": 503}, probability=0.5)
    return statuses(caller, 40)


def reset(caller: Gateway) -> Gateway:
    declared.reset("ci-7")
    return Gateway(open_session(opened("ci-7")))


def test_chance_repeats_itself_after_a_reset_and_follows_from_the_seed_number(
    caller: Gateway, rule: Rule
) -> None:
    first = chance(caller, rule)
    assert 8 < first.count(503) < 32
    caller.claims = reset(caller).claims
    assert chance(caller, rule) == first
    number = {"seed_number": 8}
    administrator = Gateway(open_session())
    assert administrator.put("/_emulator/sandboxes/ci-7", number).status == 200
    caller.claims = reset(caller).claims
    assert chance(caller, rule) != first


def test_random_delays_repeat_themselves_and_keep_to_their_bounds(
    caller: Gateway, rule: Rule, slept: list[float]
) -> None:
    def delays() -> list[float]:
        slept.clear()
        rule({"delay_ms": {"uniform": [100, 300]}}, then="repeat", match={"method": "GET"})
        rule({"delay_ms": {"normal": {"mean": 50, "sd": 100}}}, match={"header": {"x-run": "7"}})
        assert statuses(caller, 40) == [200] * 40
        assert statuses(caller, 40, headers={"x-run": "7"}) == [200] * 40
        return list(slept)

    first = delays()
    even, normal = first[:40], first[40:]
    assert min(even) >= 0.1
    assert max(even) <= 0.3
    assert len(set(even)) > 20
    assert max(normal) > 0.1
    assert len(normal) < 40, "what would be negative is no delay"
    caller.claims = reset(caller).claims
    assert delays() == first


def test_a_rule_is_never_felt_in_another_sandbox(caller: Gateway, rule: Rule) -> None:
    rule(UNAVAILABLE)
    others = [Gateway(open_session()), Gateway(open_session(opened("ci-8")))]
    for other in others:
        assert other.get("/players").status == 200
        assert other.get(FAULTS).data == []
        assert other.get(f"{FAULTS}/fault-1").code == "fault_not_found"
        assert other.delete(FAULTS).status == 204
    assert statuses(caller, 1) == [503]


def test_the_default_sandboxs_administrator_makes_rules_in_others(caller: Gateway) -> None:
    answer = Gateway(open_session()).post(f"/s/ci-7{FAULTS}", {"faults": [UNAVAILABLE]})
    assert answer.headers["location"] == "https://partner.test/s/ci-7/_emulator/faults/fault-1"
    assert statuses(caller, 1) == [503]


def test_a_reset_ends_the_rules_and_begins_the_ids_anew(caller: Gateway, rule: Rule) -> None:
    rule(UNAVAILABLE)
    assert rule(UNAVAILABLE)["id"] == "fault-2"
    caller.claims = reset(caller).claims
    assert statuses(caller, 1) == [200]
    assert rule(UNAVAILABLE)["id"] == "fault-1"


def test_an_id_is_not_given_again(caller: Gateway, rule: Rule) -> None:
    rule(UNAVAILABLE)
    caller.delete(f"{FAULTS}/fault-1")
    assert rule(UNAVAILABLE)["id"] == "fault-2"
    assert caller.delete(f"{FAULTS}/fault-1").code == "fault_not_found"


def test_pages_lead_from_the_newest_rule_to_the_oldest(caller: Gateway, rule: Rule) -> None:
    for _ in range(5):
        rule(UNAVAILABLE)
    page = caller.get(f"{FAULTS}?limit=2")
    seen = [one["id"] for one in page.data]
    while cursor := page.json()["meta"]["next_cursor"]:
        page = caller.get(f"{FAULTS}?limit=2&cursor={cursor}")
        seen += [one["id"] for one in page.data]
    assert seen == [f"fault-{ordinal}" for ordinal in (5, 4, 3, 2, 1)]
    assert caller.get(f"{FAULTS}?cursor=fault-0").code == "invalid_cursor"


def test_a_hundred_rules_are_as_many_as_there_may_be_and_all_are_deleted(caller: Gateway, rule: Rule) -> None:
    for _ in range(100):
        rule(UNAVAILABLE)
    assert caller.post(FAULTS, {"faults": [UNAVAILABLE]}).code == "too_many_faults"
    assert caller.delete(FAULTS).status == 204
    assert caller.get(FAULTS).data == []
    assert opened("ci-7").fault_rules == 0
    rule(UNAVAILABLE)


def test_rules_that_are_made_and_deleted_beside_changes_of_the_clock_are_counted_right(
    caller: Gateway, rule: Rule
) -> None:
    def change(number: int) -> Answer:
        if number % 3 == 0:
            return caller.put("/_emulator/clock", {"advance": "PT1S"})
        if number % 3 == 1:
            return caller.delete(f"{FAULTS}/fault-{number // 3 + 1}")
        return caller.post(FAULTS, {"faults": [UNAVAILABLE]})

    for _ in range(4):
        rule(UNAVAILABLE)
    _ = main.emulator
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(change, range(12)))
    assert {answer.status for answer in answers} <= {200, 201, 204}
    assert opened("ci-7").fault_rules == len(caller.get(FAULTS).data) == 4


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({}, ""),
        ({"retry_after": 2}, ".retry_after"),
        ({"status": 503, "timeout": True}, ".timeout"),
        ({"malformed": "empty", "lost_response": True}, ".lost_response"),
        ({"timeout": True, "delay_ms": 3}, ".delay_ms"),
        ({"delay_ms": {"uniform": [3, 1]}}, ".delay_ms.uniform"),
        ({"delay_ms": 30_001}, ".delay_ms"),
        ({"status": 204, "body": "x"}, ".body"),
        ({"status": 199}, ".status"),
        ({"status": 200, "headers": {"X-Sandbox": "x"}}, ".headers"),
        ({"status": 200, "headers": {"A": "x\r\nB: y"}}, ".headers.A"),
        ({"status": 503, "headers": {"retry-after": "1"}, "retry_after": 1}, ".retry_after"),
        ({"duplicate": True}, ".duplicate"),
        ("fail", ""),
        (7, ""),
    ],
)
def test_an_impossible_fault_is_refused_by_its_field(caller: Gateway, fault: Any, field: str) -> None:
    answer = caller.post(FAULTS, {"faults": [fault]})
    assert (answer.status, answer.code) == (422, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == [f"faults.0{field}"]


def test_without_rules_a_request_costs_no_call_more(
    caller: Gateway, rule: Rule, intercept: Intercept
) -> None:
    made: list[str] = []

    def noted(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        made.append(operation)
        return call(operation, arguments)

    intercept(noted, "dynamodb")
    caller.get("/players")
    made.clear()
    caller.get("/players")
    before = list(made)
    rule({"status": 500}, match={"method": "PUT"})
    made.clear()
    caller.get("/players")
    assert made == [*before[:1], "Query", *before[1:]]
    caller.delete(FAULTS)
    made.clear()
    caller.get("/players")
    assert made == before


@pytest.mark.parametrize(
    "name",
    [
        "Set-Cookie",
        "Content-Security-Policy",
        "content-security-policy-report-only",
        "X-Content-Type-Options",
        "Service-Worker-Allowed",
        "Clear-Site-Data",
        "X-Frame-Options",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials",
        "Strict-Transport-Security",
        "Refresh",
        "Link",
        "Cross-Origin-Opener-Policy",
        "Alt-Svc",
    ],
)
def test_no_header_that_acts_on_the_whole_origin_is_given(name: str, caller: Gateway) -> None:
    answer = caller.post(FAULTS, {"faults": [{"status": 200, "headers": {name: "x"}}]})
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (
        422,
        ["faults.0.headers"],
    )


@pytest.mark.parametrize(
    ("location", "is_own"),
    [
        ("/players/7", True),
        ("../auth/authorize?client_id=app", True),
        ("?again=1", True),
        ("https://partner.test/players", True),
        ("https://partner.test", True),
        ("https://phish.example/", False),
        ("https://partner.test.phish.example/", False),
        ("https://partner.test@phish.example/", False),
        ("https://partner.test:444/", False),
        ("//phish.example/", False),
        ("///phish.example/", False),
        ("/\\phish.example/", False),
        ("https:phish.example", False),
        ("javascript:alert(1)", False),
        ("https://partner.test\\@phish.example/", False),
    ],
)
def test_a_location_stays_on_the_apis_origin(location: str, is_own: bool, caller: Gateway) -> None:
    fault = {"status": 302, "headers": {"location": location}}
    answer = caller.post(FAULTS, {"faults": ["pass", fault]})
    if is_own:
        assert answer.status == 201
    else:
        errors = [(error["field"], error["code"]) for error in answer.json()["errors"]]
        assert (answer.status, errors) == (422, [("faults.1.headers", "location")])
