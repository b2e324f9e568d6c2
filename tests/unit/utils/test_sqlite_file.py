"""A table in a file that several processes share, that are killed, on a disk that is full."""

import os
import resource
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from utils import table
from utils.errors import SandboxFullException, ThrottledException, UnavailableException
from utils.settings import settings
from utils.stores import sqlite_file
from utils.table import ConditionFailedError
from utils.writes import ABSENT, Key, Put, Update, below, equals, lacks

# Of its threads none holds a lock that these children want.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

A: Key = ("default#a", "-")


def item(key: Key, **attributes: Any) -> dict[str, Any]:
    return {"pk": key[0], "sk": key[1], **attributes}


@pytest.fixture(params=["full", "off"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a table that is lasting, and of one that is not."""
    return named(tmp_path / "table", f"?synchronous={request.param}", monkeypatch)


def named(path: Path, option: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TABLE_NAME", f"sqlite:{path}{option}")
    settings.cache_clear()
    return path


def forked(work: Callable[[], object]) -> int:
    """The id of a process that does ``work``; its exit code is 0 if that raised nothing."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def ended(*children: int) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


@pytest.mark.usefixtures("path")
class TestManyProcesses:
    def test_count_exactly_and_each_condition_holds_for_one(self) -> None:
        table.write(Put(item(A, n=0)))

        def take_turns(own: int) -> None:
            for turn in range(50):
                table.write(Update(A, add={"n": 1}))
                with suppress(ConditionFailedError):
                    table.transact(
                        Put(item(("default#once", str(turn))), ABSENT),
                        Update(("default#won", str(own)), add={"n": 1}),
                    )

        assert ended(*(forked(partial(take_turns, own)) for own in range(4))) == [0] * 4
        assert table.get(A) == item(A, n=200)
        won = table.query("default#won", limit=9)
        assert sum(winner["n"] for winner in won) == 50

    def test_draw_from_one_stock_and_never_below_nothing(self) -> None:
        table.write(Put(item(A, left=60)))

        def draw() -> None:
            drawn = 0
            while True:
                left = (table.get(A) or {})["left"]
                if left == 0:
                    break
                try:
                    table.write(Update(A, assign={"left": left - 1}, condition=equals("left", left)))
                    drawn += 1
                except ConditionFailedError:
                    continue
            table.write(Update(("default#drawn", "-"), add={"n": drawn}))

        assert ended(*(forked(draw) for _ in range(4))) == [0] * 4
        assert (table.get(("default#drawn", "-")) or {})["n"] == 60

    def test_open_a_new_file_at_once(self) -> None:
        begin = time.monotonic() + 0.2

        def open_and_write() -> None:
            while time.monotonic() < begin:
                pass
            table.write(Update(A, add={"n": 1}))

        assert ended(*(forked(open_and_write) for _ in range(4))) == [0] * 4
        assert table.get(A) == item(A, n=4)

    def test_read_all_of_a_transaction_or_nothing(self) -> None:
        keys = [(f"default#{number}", "-") for number in range(5)]

        def write() -> None:
            for turn in range(100):
                table.transact(*(Put(item(key, n=turn)) for key in keys))

        writer = forked(write)
        while os.waitpid(writer, os.WNOHANG) == (0, 0):
            assert len({read["n"] for read in table.get_many(keys).values()}) <= 1
        assert len(table.get_many(keys)) == 5


def test_a_process_that_forks_and_its_child_each_have_a_connection_of_their_own(path: Path) -> None:
    table.write(Put(item(A, n=1)))
    assert wal(path).exists()
    opened = sqlite_file.file(settings().table_name)
    reading, writing = os.pipe()

    def work() -> None:
        os.read(reading, 1)
        assert opened._connection is None
        table.write(Update(A, add={"n": 1}))

    child = forked(work)
    assert opened._connection is None
    table.write(Update(A, add={"n": 1}))
    os.write(writing, b".")
    assert ended(child) == [0]
    assert table.get(A) == item(A, n=3)


@pytest.mark.parametrize("written", [1, 40, 150])
def test_no_acknowledged_write_is_lost_when_its_process_is_killed(path: Path, written: int) -> None:
    reading, writing = os.pipe()

    def write() -> None:
        for number in count():
            key = ("default#kept", f"{number:06}")
            table.transact(Put(item(key, text="x" * 500), ABSENT), Update(A, assign={"last": number}))
            os.write(writing, b".")

    child = forked(write)
    acknowledged = sum(len(os.read(reading, 1)) for _ in range(written))
    os.kill(child, signal.SIGKILL)
    assert ended(child) == [-signal.SIGKILL]
    os.close(writing)
    while os.read(reading, 1):
        acknowledged += 1
    kept = table.query("default#kept", limit=100_000)
    last = (table.get(A) or {"last": -1})["last"]
    assert [entry["sk"] for entry in kept] == [f"{number:06}" for number in range(last + 1)]
    assert last + 1 - acknowledged in {0, 1}, "of what was not acknowledged, one may be written"
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def emptying(seconds: float) -> int:
    """The process id of a writer that is so long about deleting all items, and has begun."""
    reading, writing = os.pipe()

    def write() -> None:
        with sqlite_file.file(settings().table_name).writing("delete_item") as connection:
            connection.execute("DELETE FROM items")
            os.write(writing, b".")
            time.sleep(seconds)

    child = forked(write)
    os.read(reading, 1)
    return child


def test_a_writer_that_is_killed_lets_the_others_go_on(path: Path) -> None:
    table.write(Put(item(A, n=1)))
    child = emptying(60)
    os.kill(child, signal.SIGKILL)
    ended(child)
    assert table.write(Update(A, add={"n": 1})) == item(A, n=2)


def test_a_writer_waits_for_its_turn_however_long_another_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_PATIENCE", 0.02)
    table.write(Put(item(A, n=1)))
    child = emptying(0.3)
    assert table.write(Update(A, add={"n": 1})) == item(A, n=1)
    assert ended(child) == [0]


@pytest.mark.usefixtures("path")
class TestADiskThatIsFull:
    def test_is_a_clear_error_and_loses_nothing(self) -> None:
        def write_without_end() -> None:
            for number in count():
                table.write(Put(item(("default#fill", f"{number:04}"), text="x" * 5000)))
                written.append(number)

        written: list[int] = []

        def fill() -> None:
            table.write(Put(item(A, n=1)))
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
            with pytest.raises(
                SandboxFullException, match="disk that holds the emulator's data is full"
            ) as error:
                write_without_end()
            assert error.value.status == 507
            assert len(written) > 10
            assert len(table.query("default#fill", limit=1000)) == len(written)
            assert table.get(A) == item(A, n=1)

        assert ended(forked(fill)) == [0]
        assert len(table.query("default#fill", limit=1000)) > 10
        table.write(Put(item(A, n=2)))

    def test_is_one_for_a_table_that_is_begun_there(self) -> None:
        def begin() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            with pytest.raises(SandboxFullException):
                table.prepare()

        assert ended(forked(begin)) == [0]


class TestAFileThatDoesNotAnswer:
    def test_is_unavailable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        named(tmp_path / "nowhere" / "table", "", monkeypatch)
        with pytest.raises(UnavailableException) as error:
            table.prepare()
        assert isinstance(error.value.__cause__, FileNotFoundError)

    def test_is_unavailable_if_it_is_none_of_sqlite(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        named(tmp_path / "table", "", monkeypatch).write_text("something else " * 1000)
        with pytest.raises(UnavailableException):
            table.get(A)

    def test_of_a_later_release_is_left_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with closing(sqlite3.connect(named(tmp_path / "table", "", monkeypatch))) as opened:
            opened.execute("PRAGMA user_version = 2")
        with pytest.raises(RuntimeError, match="form 2, which another release"):
            table.get(A)

    @pytest.mark.parametrize(
        ("hurried", "error"), [(True, UnavailableException), (False, ThrottledException)]
    )
    def test_because_another_writes_all_the_time_is_a_throttle_or_for_who_is_hurried_no_answer(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        hurried: bool,
        error: type[Exception],
    ) -> None:
        monkeypatch.setattr(sqlite_file, "_PATIENCE", 0.02)
        path = named(tmp_path / "table", "", monkeypatch)
        table.write(Put(item(A, n=1)))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert table.get(A) == item(A, n=1)
            with pytest.raises(error):
                table.write(Update(A, add={"n": 1}), hurried=hurried)
        assert table.write(Update(A, add={"n": 1})) == item(A, n=2)


def test_a_lasting_file_is_forced_to_the_disk_and_one_in_memory_is_not(path: Path) -> None:
    table.prepare()
    with sqlite_file.file(settings().table_name).reading("get_item") as connection:
        ((synchronous,),) = connection.execute("PRAGMA synchronous")
    assert synchronous == (2 if settings().table_name.endswith("full") else 0)


def test_what_is_over_goes_when_something_is_written(
    sqlite_table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    table.write(Put(item(A, purge_at=now - 1)))
    table.write(Put(item(("default#b", "-"), purge_at=now + 1000)))
    monkeypatch.setattr(sqlite_file, "_SWEPT_EVERY", 0)
    table.write(Update(("default#c", "-"), add={"n": 1}))
    assert table.get(A) is None
    assert table.get(("default#b", "-")) is not None


@pytest.mark.usefixtures("sqlite_table")
class TestWhatDynamoDBRefuses:
    @pytest.mark.parametrize(
        "change",
        [
            Put(item(A, text="x" * 400 * 1024)),
            Put(item(A, text="\u00e4" * 210_000)),
            Put(item(("", "-"))),
            Update(A, assign={"n": 1}, add={"n": 1}),
            Update(A, assign={"sk": "other"}),
        ],
    )
    def test_is_refused_here(self, change: Any) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
            table.write(change)
        assert table.get(A) is None

    def test_a_float_is_no_value(self) -> None:
        with pytest.raises(TypeError, match="hold no float"):
            table.write(Put(item(A, n=1.5)))

    def test_two_writes_of_one_item_are_no_transaction(self) -> None:
        with pytest.raises(ValueError, match="each of another item"):
            table.transact(Put(item(A)), Update(A, add={"n": 1}))

    def test_and_an_item_of_almost_that_size_is_not(self) -> None:
        table.write(Put(item(A, text="\u00e4" * 190_000)))
        assert table.get(A) is not None


@pytest.mark.usefixtures("sqlite_table")
class TestTypes:
    @pytest.mark.parametrize(
        "value",
        [
            Decimal("1.5"),
            {"N": "1.5"},
            {"M": {"N": 1}},
            [{"N": Decimal("0.1")}],
            {"a": {"M": {}}},
            "\ud800",
            2**80,
        ],
    )
    def test_come_back_as_they_were_given(self, value: Any) -> None:
        assert table.write(Update(A, assign={"value": value}))["value"] == value
        assert (table.get(A) or {})["value"] == value
        assert type((table.get(A) or {})["value"]) is type(value)

    def test_of_a_whole_decimal_is_int(self) -> None:
        table.write(Put(item(A, n=Decimal("5.0"), pair=(1, 2))))
        assert repr(table.get(A)) == repr(item(A, n=5, pair=[1, 2]))

    @pytest.mark.parametrize(
        "condition",
        [equals("n", True), equals("n", "1"), below("n", "2"), equals("pair", [True]), lacks("none")],
    )
    def test_of_two_kinds_are_never_equal(self, condition: Any) -> None:
        table.write(Put(item(A, n=1, pair=[1], none=None)))
        with pytest.raises(ConditionFailedError):
            table.write(Update(A, add={"n": 1}, condition=condition))


@pytest.mark.usefixtures("sqlite_table")
def test_a_prefix_ends_where_its_last_character_does() -> None:
    ends = {"a": "b", "\ud7ff": "\ue000", "a\U0010ffff": "b", "\U0010ffff": None}
    from utils.stores.sqlite import _beyond

    assert {prefix: _beyond(prefix) for prefix in ends} == ends


def test_only_its_owner_may_read_the_file_and_what_is_beside_it(path: Path) -> None:
    before = os.umask(0)
    try:
        table.write(Put(item(A)))
        modes = {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("table", "table-lock", "table-shm", "table-wal"), 0o600)
