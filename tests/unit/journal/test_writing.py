"""A journal that cannot be written: no answer fails, nothing is lost that the table takes later, and readers know."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from services.emulation import disclosure, journal_writing
from services.sandboxes.opening import opened
from tests.conftest import Log, all_items
from tests.support.gateway import Gateway, open_session
from tests.support.interception import Call, Intercept
from tests.support.journal import Journal
from tests.support.players import NOBODY
from utils import metrics, table
from utils.attributes import Item
from utils.aws import client
from utils.writes import Put

type Refuse = Callable[..., None]


@pytest.fixture
def refuse(journal: Journal, intercept: Intercept) -> Iterator[Refuse]:
    """Has the table refuse writes of rows, or of gaps, from now on, after they were made or not at all."""
    refused: set[str] = set()
    is_made = False

    def judge(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        item = arguments.get("Item", {})
        kind = (
            "rows"
            if "row" in item
            else "gaps"
            if "is_filled" in item
            else "reads"
            if operation == "GetItem"
            else ""
        )
        if kind not in refused:
            return call(operation, arguments)
        if is_made:
            call(operation, arguments)
        raise ReadTimeoutError(endpoint_url="https://dynamodb.test")

    def choose(*kinds: str, made: bool = False) -> None:
        nonlocal is_made
        is_made = made
        refused.clear()
        refused.update(kinds)

    intercept(judge)
    yield choose
    choose()


def sent() -> str:
    """Send a request that is answered as it must be; its id."""
    answer = Gateway(open_session()).get(f"/players/{NOBODY}")
    assert answer.status == 404
    return answer.headers["x-request-id"]


def is_complete(journal: Journal) -> bool:
    """Whether the journal says that it is."""
    complete: bool = journal.verify(match={}, count={"at_least": 0}).data["complete"]
    return complete


def test_a_row_that_is_refused_leaves_a_gap_until_it_is_written_after_all(
    journal: Journal, refuse: Refuse, log: Log
) -> None:
    first = sent()
    refuse("rows")
    second = sent()
    assert [row["id"] for row in journal.rows()] == [first]
    assert not is_complete(journal)
    assert '"JournalLost": 1' in log.text
    refuse()
    third = sent()
    assert sorted(row["id"] for row in journal.rows()) == sorted([first, second, third])
    assert is_complete(journal)


@pytest.mark.parametrize(
    ("count", "status"),
    [({"exactly": 1}, 409), ({"at_most": 5}, 409), ({"at_least": 1}, 200), ({"at_least": 2}, 409)],
)
def test_nothing_is_confirmed_that_a_missing_row_could_make_wrong(
    journal: Journal, refuse: Refuse, count: dict[str, int], status: int
) -> None:
    sent()
    refuse("rows")
    sent()
    answer = journal.verify(match={"method": "GET"}, count=count)
    assert answer.status == status
    assert (answer.data if status == 200 else answer.json())["complete"] is False
    journal.clear()
    assert is_complete(journal)


def test_a_gap_that_is_refused_too_is_made_good_by_the_next_request(journal: Journal, refuse: Refuse) -> None:
    refuse("rows", "gaps")
    lost = [sent(), sent()]
    refuse("gaps")
    lost.append(sent())
    refuse()
    lost.append(sent())
    assert sorted({row["id"] for row in journal.rows()}) == sorted(lost)
    assert is_complete(journal)


def test_a_row_that_was_written_though_its_answer_was_lost_counts_once(
    journal: Journal, refuse: Refuse
) -> None:
    refuse("rows", made=True)
    sent()
    refuse()
    sent()
    assert len(journal.rows()) == 2
    assert journal.verify(match={}, count={"exactly": 2}).status == 200


def test_a_write_that_took_too_long_is_made_again_under_a_later_time(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        """A clock that jumps while the first write is under way."""

        told = iter([0.0, 0.0, 0.9])

        def monotonic(self) -> float:
            """The time."""
            return next(self.told, 1.0)

    monkeypatch.setattr(journal_writing, "time", Slow())
    sent()
    written = _stored()
    assert len(written) == 2
    assert len({sk.partition("#")[0] for sk in written}) == 2
    assert len(journal.rows()) == 1
    assert is_complete(journal)


def test_a_refused_request_is_recorded_when_the_table_answers_again(
    journal: Journal, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Gateway({**open_session(), "jti": "gone.1"})
    refuse("reads")
    lost = dead.get("/players").headers["x-request-id"]
    refuse()
    assert journal.rows() == []
    found = sent()
    assert sorted(row["id"] for row in journal.rows()) == sorted([lost, found])


def test_a_process_keeps_so_many_rows_and_tells_of_all_others(
    journal: Journal, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writing, "_MOST", 2)
    refuse("rows")
    for _ in range(3):
        sent()
    refuse()
    sent()
    assert len(journal.rows()) == 3
    assert not is_complete(journal)


def test_rows_that_left_no_mark_leave_one_before_anything_else_is_written(
    journal: Journal, refuse: Refuse
) -> None:
    refuse("rows", "gaps")
    lost = {sent() for _ in range(3)}
    refuse()
    assert _writes_of(sent) == [False, True, *[True] * 3, False]
    assert lost < {row["id"] for row in journal.rows()}
    assert is_complete(journal)


def test_while_rows_wait_there_is_a_mark(
    journal: Journal, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse("rows", "gaps")
    for _ in range(3):
        sent()
    refuse()
    monkeypatch.setattr(journal_writing, "_catch_up", lambda _deadline: None)
    sent()
    assert not is_complete(journal)
    assert journal.verify(match={"method": "GET"}, count={"exactly": 1}).status == 409


def test_of_rows_that_are_given_up_a_mark_is_left_though_the_table_took_none_then(
    journal: Journal, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_writing, "_MOST", 2)
    refuse("rows", "gaps")
    for _ in range(4):
        sent()
    refuse()
    for _ in range(2):
        sent()
    assert len(journal.rows()) == 4
    assert not is_complete(journal)
    journal.clear()
    sent()
    assert is_complete(journal)


def test_a_request_whose_sandbox_is_not_known_leaves_a_mark_by_its_name(
    journal: Journal, refuse: Refuse
) -> None:
    sandbox = opened("ci-7")
    of_it = Journal(sandbox)
    refuse("reads")
    dead = Gateway({**open_session(sandbox), "jti": "gone.1"})
    dead.get("/players")
    refuse()
    assert not is_complete(of_it)
    assert is_complete(journal)
    sent()
    assert len(of_it.rows()) == 1
    assert is_complete(of_it)


def test_one_answer_is_held_up_by_what_waits_for_a_second_at_most(
    journal: Journal, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ticking:
        """A clock that moves by 0.3 s each time it is asked."""

        told = 0.0

        def monotonic(self) -> float:
            """The time."""
            self.told += 0.3
            return self.told

    refuse("rows")
    for _ in range(12):
        sent()
    refuse()
    monkeypatch.setattr(journal_writing, "time", Ticking())
    assert len(_writes_of(sent)) <= 4
    assert not is_complete(journal)


def test_what_was_answered_before_a_clear_is_not_told_after_it(journal: Journal, refuse: Refuse) -> None:
    refuse("rows", "gaps")
    late = sent()
    journal.clear()
    refuse()
    found = sent()
    assert [row["id"] for row in journal.rows()] == [found]
    assert [row["id"] for row in journal.rows(order="desc")] == [found]
    assert journal.show(late).status == 404
    assert journal.verify(match={}, count={"exactly": 1}).data["complete"] is True


def test_recording_never_fails_an_answer(journal: Journal, monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("a bug of the journal")

    monkeypatch.setattr(journal_writing, "write", fail)
    sent()
    assert "a bug of the journal" in log.text


def test_what_a_bug_keeps_from_being_told_is_known_to_be_missing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(disclosure, "headers", None)
        sent()
    assert journal.rows() == []
    assert not is_complete(journal)


def test_what_is_no_unicode_is_recorded_all_the_same(journal: Journal) -> None:
    Gateway(open_session()).get("/trophies", headers={"x-odd": "\ud800"})
    [row] = journal.rows()
    assert row["request"]["headers"]["x-odd"] == "?"


def test_it_costs_one_write_a_request_and_is_in_no_hurry_twice(journal: Journal, log: Log) -> None:
    sent()
    calls = [name for name, *_ in log.lines()[-1]["calls"]]
    assert calls == ["batch_get_item", "put_item"]
    config = client("dynamodb", hurried=True).meta.config
    assert config.connect_timeout + config.read_timeout <= 1
    assert config.retries["total_max_attempts"] == 1
    assert metrics.counted() == []


def _stored() -> list[str]:
    """The sort keys of the rows in the table."""
    return [item["sk"] for item in all_items() if "row" in item]


def _writes_of(send: Callable[[], str]) -> list[bool]:
    """What the journal writes with a request: whether each is a row."""
    written = []
    real = table.write

    def write(change: Put, *, hurried: bool = False) -> Item:
        if hurried:
            written.append("row" in change.item)
        return real(change, hurried=hurried)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(table, "write", write)
        send()
    return written
