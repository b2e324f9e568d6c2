"""Cursors that pass nothing over, filters, and readers that wait."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import pytest

from models.journal import RecordedRequest, examples
from services.emulation import journal_keys, journal_reading, journal_writing
from services.emulation.journal_writing import Row
from tests.support.gateway import Gateway, open_session
from tests.support.interception import Call, Intercept
from tests.support.journal import Journal
from tests.support.players import NOBODY
from tests.unit.journal.conftest import Time
from utils import strict_json, table, waiting
from utils.sandbox import DEFAULT
from utils.settings import settings
from utils.writes import Put


def sent(target: str = f"/players/{NOBODY}", method: str = "GET", **options: Any) -> str:
    """Send a request; its id."""
    return Gateway(open_session()).send(method, target, **options).headers["x-request-id"]


def ids(told: dict[str, Any]) -> list[str]:
    """The ids of the rows of a part."""
    return [row["id"] for row in told["data"]]


def test_parts_lead_from_the_first_row_to_the_last_and_on(journal: Journal, time: Time) -> None:
    all_ids = [sent() for _ in range(7)]
    time.move(seconds=2)
    found, told = [], journal.told(limit=3)
    while told["meta"]["has_more"]:
        found += ids(told)
        told = journal.told(limit=3, after=told["meta"]["next_cursor"])
    found += ids(told)
    assert found == all_ids
    assert ids(journal.told(after=told["meta"]["next_cursor"])) == []
    later = sent()
    assert ids(journal.told(after=told["meta"]["next_cursor"])) == [later]


def test_the_other_way_round_they_end(journal: Journal) -> None:
    all_ids = [sent() for _ in range(5)]
    first = journal.told(limit=3, order="desc")
    second = journal.told(limit=3, order="desc", after=first["meta"]["next_cursor"])
    assert ids(first) + ids(second) == all_ids[::-1]
    assert (second["meta"]["next_cursor"], second["meta"]["has_more"]) == (None, False)
    assert journal.ask(after=first["meta"]["next_cursor"]).code == "invalid_cursor"


def test_what_is_not_settled_is_told_again(journal: Journal, time: Time) -> None:
    young = sent()
    told = journal.told()
    assert ids(told) == ids(journal.told(after=told["meta"]["next_cursor"])) == [young]
    time.move(seconds=2)
    told = journal.told(after=told["meta"]["next_cursor"])
    assert ids(told) == [young]
    assert ids(journal.told(after=told["meta"]["next_cursor"])) == []


@pytest.mark.parametrize("query", [{}, {"wait": 0}])
def test_a_late_row_with_an_older_time_is_not_passed_over(
    journal: Journal, time: Time, query: dict[str, int]
) -> None:
    sent()
    time.move(seconds=0.9)
    told = journal.told(**query)
    at = time.now() - 700_000
    pk, sk = journal_keys.row_key(DEFAULT, at, "late")
    table.write(Put({"pk": pk, "sk": sk, "at": at, "row": strict_json.dump(_row("late"))}))
    sent()
    time.move(seconds=2)
    assert "late" in ids(journal.told(after=told["meta"]["next_cursor"], **query))


def test_readers_that_wait_are_told_each_row_once_whatever_is_written_meanwhile(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_keys, "SETTLED", timedelta(seconds=0.5))
    monkeypatch.setattr(journal_reading, "SETTLED", timedelta(seconds=0.5))
    monkeypatch.setattr(journal_reading, "PAUSE", timedelta(seconds=0.05))
    is_over = threading.Event()

    def write(_: int) -> list[str]:
        return [sent() for _ in range(10)]

    def read() -> list[str]:
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            was_over = is_over.is_set()
            told = journal.told(limit=7, wait=2, **cursor)
            cursor = {"after": told["meta"]["next_cursor"]}
            found += ids(told)
            if was_over and not told["data"]:
                return found

    with ThreadPoolExecutor(8) as pool:
        reader = pool.submit(read)
        written = [one for some in pool.map(write, range(6)) for one in some]
        is_over.set()
        assert sorted(reader.result()) == sorted(written)


def test_a_reader_waits_until_there_is_a_row_and_no_longer(journal: Journal) -> None:
    cursor = journal.told()["meta"]["next_cursor"]
    with ThreadPoolExecutor(1) as pool:
        began = monotonic()
        reader = pool.submit(journal.told, wait=10, after=cursor)
        sleep(0.3)
        request_id = sent()
        assert ids(reader.result()) == [request_id]
    assert monotonic() - began < 0.3 + 2


def test_a_reader_in_vain_waits_as_long_as_it_said(journal: Journal) -> None:
    began = monotonic()
    assert ids(journal.told(wait=1)) == []
    assert 1 <= monotonic() - began < 2


def test_no_reader_waits_longer_than_the_gateway(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TIMEOUT_SECONDS", "4")
    settings.cache_clear()
    began = monotonic()
    journal.told(wait=20)
    assert monotonic() - began < 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"method": "post"}, [1]),
        ({"path": "/players/*"}, [0]),
        ({"path": "/players/{player_id}"}, [0]),
        ({"path": "/**"}, [0, 1, 2]),
        ({"status": "404"}, [0, 2]),
        ({"status": "4xx"}, [0, 1, 2]),
        ({"status": "5xx"}, []),
        ({"client_id": "psn-emulator"}, [0, 1]),
        ({"client_id": "demo-web"}, []),
        ({"fault": "*"}, []),
        ({"fault": "fault-1"}, []),
    ],
)
def test_filters(journal: Journal, query: dict[str, str], found: list[int]) -> None:
    all_ids = [sent(), sent("/players", "POST", body={}), sent("/trophies")]
    assert ids(journal.told(**query)) == [all_ids[position] for position in found]


def test_a_fault_is_told_and_asked_for(journal: Journal) -> None:
    row = _row("faulted") | {"fault": "fault-1"}
    journal_writing.write(Row("default", DEFAULT, "faulted", strict_json.dump(row)))
    assert ids(journal.told(fault="fault-1")) == ids(journal.told(fault="*")) == ["faulted"]
    assert ids(journal.told(fault="fault-2")) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"wait": 21}, "wait"),
        ({"wait": -1}, "wait"),
        ({"wait": 1, "order": "desc"}, "body"),
        ({"status": "600"}, "status"),
        ({"limit": 0}, "limit"),
        ({"path": "players"}, "path"),
        ({"order": "up"}, "order"),
    ],
)
def test_what_cannot_be_asked(journal: Journal, query: dict[str, Any], field: str) -> None:
    answer = journal.ask(**query)
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


@pytest.mark.parametrize(("bound", "most"), [("_EXAMINED", 4), ("_ANSWERED", 1)])
def test_a_part_looks_at_so_many_rows_and_says_that_there_is_more(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(journal_reading, bound, most)
    for _ in range(6):
        sent()
    wanted = sent("/trophies")
    assert len(journal.rows()) == most
    for order in ("asc", "desc"):
        rows = [row["id"] for row in journal.all(path="/trophies", order=order)]
        assert set(rows) == {wanted}


def test_what_was_cleared_is_gone_and_what_comes_is_there(journal: Journal) -> None:
    cursor = journal.told()["meta"]["next_cursor"]
    gone = sent()
    journal.clear()
    later = sent()
    assert (
        ids(journal.told()) == ids(journal.told(after=cursor)) == ids(journal.told(order="desc")) == [later]
    )
    assert journal.show(gone).status == 404
    assert journal.verify(match={}, count={"exactly": 1}).status == 200


def test_a_day_later_it_is_gone_though_the_table_has_it_still(journal: Journal, time: Time) -> None:
    sent()
    time.move(hours=23)
    assert len(journal.rows()) == 1
    time.move(hours=1.1)
    assert journal.rows() == journal.rows(order="desc") == []


def test_rows_are_deleted_by_the_table_a_day_later(journal: Journal, intercept: Intercept) -> None:
    puts = []

    def note(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "PutItem" and "row" in arguments["Item"]:
            puts.append(int(arguments["Item"]["purge_at"]["N"]))
        return call(operation, arguments)

    intercept(note)
    sent()
    [purge_at] = puts
    assert abs(purge_at - journal_keys.now() / 1e6 - 24 * 3600) < 5


def test_many_rows_are_read_in_order(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_reading, "_FIRST_PAGE", 2)
    monkeypatch.setattr(journal_reading, "_PAGE", 3)
    for number in range(60):
        journal_writing.write(Row("default", DEFAULT, str(number), strict_json.dump(_row(str(number)))))
    found = [placed.row["id"] for placed in journal_reading.rows(DEFAULT, "", since="")]
    assert found == [str(number) for number in range(60)]
    back = [placed.row["id"] for placed in journal_reading.rows(DEFAULT, "", since="", descending=True)]
    assert back == found[::-1]


def _row(request_id: str) -> dict[str, Any]:
    [example] = examples()[RecordedRequest].values()
    row: dict[str, Any] = strict_json.parse(strict_json.dump(example))
    return row | {"id": request_id}


def test_a_reader_that_is_begun_anew_misses_nothing_since_it_was_begun_first(journal: Journal) -> None:
    began = monotonic()
    sleep(0.1)
    request_id = sent()
    with pytest.raises(waiting.UnfinishedError), waiting.resumable(began):
        journal.told(after="now", wait=10)
    sleep(1.2)
    with waiting.resumable(began):
        assert ids(journal.told(after="now", wait=10)) == [request_id]
    with pytest.raises(waiting.UnfinishedError), waiting.resumable(monotonic()):
        journal.told(after="now", wait=10)
