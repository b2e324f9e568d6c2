"""Questions to the journal: how many requests there were, in which order, and why not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest

from models.journal import RecordedRequest, examples
from services.emulation import journal_reading
from services.emulation.journal_writing import Row, write
from services.emulation.verification import _has
from services.sandboxes.opening import opened
from tests.support.gateway import Gateway, open_session
from tests.support.journal import Journal
from tests.support.players import NOBODY
from utils import strict_json
from utils.sandbox import DEFAULT

POST = {"method": "POST", "path": "/players"}
GET = {"method": "GET", "path": "/players/*"}


def sent(method: str = "GET", target: str = f"/players/{NOBODY}", body: Any = None, **options: Any) -> str:
    """Send a request; its id."""
    return Gateway(open_session()).send(method, target, body=body, **options).headers["x-request-id"]


def created(username: str = "Atreus") -> str:
    """Create a player; the request's id."""
    return sent("POST", "/players", {"username": username, "email": f"{username}@example.com"})


@pytest.mark.parametrize(
    ("count", "is_so"),
    [
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
        ({"exactly": 3}, False),
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"at_most": 2}, True),
        ({"at_most": 1}, False),
        (None, True),
    ],
)
def test_how_many_there_were(journal: Journal, count: dict[str, int] | None, is_so: bool) -> None:
    for _ in range(2):
        sent()
    created()
    answer = journal.verify(match=GET, **({"count": count} if count else {}))
    told = answer.data if is_so else answer.json()
    assert answer.status == (200 if is_so else 409)
    assert {name: value for name, value in told["expected"].items() if value is not None} == (
        count or {"at_least": 1}
    )
    assert (told["actual"], told["complete"]) == ({"count": 2, "in_order": None}, True)
    if not is_so:
        assert answer.code == "verification_failed"


@pytest.mark.parametrize(
    ("match", "failing", "actual"),
    [
        ({"method": "PUT"}, "method", "POST"),
        ({"path": "/players/*"}, "path", "/players"),
        ({"sub": "another"}, "sub", "11111111-1111-4111-8111-111111111111"),
        ({"client_id": "another"}, "client_id", "psn-emulator"),
        ({"header": {"X-Run": "8"}}, "header.x-run", "7"),
        ({"status": 503}, "status", 201),
        ({"body": {"username": "Kratos"}}, "body", {"username": "Atreus", "email": "a@example.com"}),
    ],
)
def test_a_near_miss_names_what_is_otherwise(
    journal: Journal, match: dict[str, Any], failing: str, actual: Any
) -> None:
    good = {"method": "POST", "path": "/players", "status": 201}
    near = sent("POST", "/players", {"username": "Atreus", "email": "a@example.com"}, headers={"x-run": "7"})
    sent("DELETE")
    [nearest, *others] = journal.verify(match={**good, **match}).json()["near_misses"]
    assert nearest["request_id"] == near
    [fault] = [one for one in nearest["criteria"] if not one["ok"]]
    assert (fault["field"], fault["actual"]) == (failing, actual)
    assert len(nearest["criteria"]) == len({*good, *match})
    assert len(others) <= 2


def test_the_nearest_come_first_and_three_at_the_most(journal: Journal) -> None:
    far = [sent() for _ in range(3)]
    near = [created(f"Player-{number}") for number in range(2)]
    match = {"method": "POST", "path": "/players", "status": 404}
    misses = [miss["request_id"] for miss in journal.verify(match=match).json()["near_misses"]]
    assert misses == [near[1], near[0], far[2]]


def test_of_too_many_the_last_ones_are_told(journal: Journal) -> None:
    requests = [sent() for _ in range(4)]
    misses = journal.verify(match=GET, count={"at_most": 0}).json()["near_misses"]
    assert [miss["request_id"] for miss in misses] == requests[:0:-1]
    assert all(criterion["ok"] for miss in misses for criterion in miss["criteria"])


def test_the_player_of_the_path_counts(journal: Journal) -> None:
    sent()
    assert journal.verify(match={"player_id": NOBODY.upper()}).status == 200
    assert journal.verify(match={"player_id": "another"}).status == 409


def test_an_order_whatever_came_between(journal: Journal) -> None:
    created("Atreus")
    sent()
    missed = created("Kratos")
    sent("DELETE")
    of = {name: {**POST, "body": {"username": name}} for name in ("Atreus", "Kratos", "Freya")}
    good = journal.verify(in_order=[of["Atreus"], of["Kratos"], {"method": "DELETE"}])
    assert (good.status, good.data["actual"]) == (200, {"count": None, "in_order": 3})
    wrong = journal.verify(in_order=[of["Kratos"], of["Atreus"]]).json()
    assert (wrong["expected"]["in_order"], wrong["actual"]["in_order"]) == (2, 1)
    lacking = journal.verify(in_order=[of["Atreus"], of["Freya"]]).json()
    assert lacking["near_misses"][0]["request_id"] == missed


def test_it_is_the_order_in_which_requests_were_received(journal: Journal) -> None:
    for name, second in (("late", 2), ("early", 1)):
        _record(name, received_at=f"2026-01-01T00:00:0{second}.000Z", path=f"/{name}")
    assert journal.verify(in_order=[{"path": "/early"}, {"path": "/late"}]).status == 200
    assert journal.verify(in_order=[{"path": "/late"}, {"path": "/early"}]).status == 409


def test_both_at_once(journal: Journal) -> None:
    sent()
    created()
    both = {"match": GET, "count": {"exactly": 1}, "in_order": [GET, POST]}
    assert journal.verify(**both).data["actual"] == {"count": 1, "in_order": 2}
    assert journal.verify(**{**both, "in_order": [POST, GET]}).status == 409
    assert journal.verify(**{**both, "count": {"exactly": 2}}).status == 409


def _meanwhile(do: Callable[[], Any], seconds: float = 0.6) -> Callable[[], Any]:
    def later() -> None:
        sleep(seconds)
        do()

    return later


@pytest.mark.parametrize("count", [{"at_least": 1}, {"exactly": 1}])
def test_it_waits_for_what_is_to_come_and_no_longer(journal: Journal, count: dict[str, int]) -> None:
    with ThreadPoolExecutor(1) as pool:
        began = monotonic()
        pool.submit(_meanwhile(sent))
        answer = journal.verify(match=GET, count=count, within="PT10S")
    assert answer.status == 200
    assert 0.6 <= monotonic() - began < 3


@pytest.mark.parametrize("count", [{"exactly": 0}, {"at_most": 0}])
def test_what_must_not_come_is_waited_for_to_the_end(journal: Journal, count: dict[str, int]) -> None:
    began = monotonic()
    assert journal.verify(match=GET, count=count, within="PT1S").status == 200
    assert monotonic() - began >= 1
    with ThreadPoolExecutor(1) as pool:
        began = monotonic()
        pool.submit(_meanwhile(sent))
        assert journal.verify(match=GET, count=count, within="PT10S").status == 409
    assert 0.6 <= monotonic() - began < 3


def test_it_is_of_one_sandbox(journal: Journal) -> None:
    Gateway(open_session(opened("ci-7"))).get(f"/players/{NOBODY}")
    assert journal.verify(match={}, count={"exactly": 0}).status == 200
    assert Journal(opened("ci-7")).verify(match={}, count={"exactly": 1}).status == 200


def test_a_journal_that_is_not_read_to_its_end_confirms_nothing_that_depends_on_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        sent()
    monkeypatch.setattr(journal_reading, "longest_wait", timedelta)
    answer = journal.verify(match={"method": "DELETE"}, count={"exactly": 0})
    assert (answer.status, answer.json()["complete"]) == (409, False)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["body"]),
        ({"count": {"exactly": 1}, "in_order": [GET]}, ["body"]),
        ({"match": {}, "count": {}}, ["count"]),
        ({"match": {}, "count": {"exactly": 1, "at_most": 2}}, ["count"]),
        ({"match": {}, "count": {"exactly": -1}}, ["count.exactly"]),
        ({"match": {}, "within": "PT21S"}, ["within"]),
        ({"match": {}, "within": "-PT1S"}, ["within"]),
        ({"match": {"status": 99}}, ["match.status"]),
        ({"match": {"pth": "/players"}}, ["match.pth"]),
        ({"in_order": []}, ["in_order"]),
    ],
)
def test_what_cannot_be_asked(journal: Journal, body: dict[str, Any], fields: list[str]) -> None:
    answer = journal.verify(**body)
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (422, fields)


@pytest.mark.parametrize(
    ("actual", "expected", "is_so"),
    [
        ({"a": 1, "b": {"c": [1, {"d": 2, "e": 3}]}}, {"b": {"c": [1, {"d": 2}]}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {"a": None}, True),
        ({}, {"a": None}, False),
        (None, {}, False),
        ("text", "text", True),
    ],
)
def test_what_a_body_has_at_least(actual: Any, expected: Any, is_so: bool) -> None:
    assert _has(actual, expected) is is_so


def _record(request_id: str, **changes: Any) -> None:
    """Write a row with ``changes``."""

    [example] = examples()[RecordedRequest].values()
    row = strict_json.parse(strict_json.dump(example)) | {"id": request_id} | changes
    write(Row("default", DEFAULT, request_id, strict_json.dump(row)))
