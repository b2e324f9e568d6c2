"""The form of what is in the table: brought to that of the release that serves it, and back."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from infrastructure.cloud import session, table_migration
from infrastructure.cloud.table_migration import NOTE, PURGE_AT, Migration, Note
from infrastructure.errors import DeployError
from infrastructure.release.table_form import FORM
from infrastructure.stack.loading import load_settings
from infrastructure.stack.names import Names
from models.result_body import ResultBody
from services.players import player_items, stats
from tests.conftest import create_table
from tests.support.gateway import Gateway, open_session
from tests.support.interception import Call, Intercept
from tests.support.players import made
from utils import table
from utils.attributes import Item, unmarshal_item
from utils.aws import client
from utils.sandbox import DEFAULT
from utils.settings import settings
from utils.writes import Put, Update

PLAYERS = 3
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})


class KilledError(BaseException):
    """Stands in for SIGKILL."""


@pytest.fixture(autouse=True)
def _aws(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The table of the stack ``dev``, which the application asks too."""
    monkeypatch.setenv("TABLE_NAME", Names("dev").base)
    settings.cache_clear()
    create_table()
    monkeypatch.setattr(session, "client", lambda _settings, service: client(service))
    monkeypatch.setattr(table_migration, "_AT_ONCE", 1)
    yield
    settings.cache_clear()


@pytest.fixture
def api() -> Gateway:
    """The API as a signed-in caller meets it."""
    return Gateway(open_session())


@pytest.fixture
def players(api: Gateway) -> list[str]:
    """The ids of players as form 1 has them, with two results each; the first has one of form 2 besides."""
    ids = [made(api, f"player-{number}")["player_id"] for number in range(PLAYERS)]
    for number, player_id in enumerate(ids):
        old(player_id, number)
    record(ids[0], score=500)
    return ids


def old(player_id: str, number: int) -> None:
    """Store two results as the release before did."""
    key = player_items.shared_stats_key(DEFAULT, player_id)
    counted = {"matches_played": 2, "wins": 2, "score_total": 90, "experience": number, "version": 2}
    maxima = {"score_best": 70, "last_played_at": "2025-03-01T12:00:00.000000Z"}
    table.write(Update(key, add=counted, assign=maxima))


def record(player_id: str, score: int) -> None:
    result = ResultBody.model_validate(
        {"outcome": "win", "score": score, "played_at": "2025-01-01T00:00:00Z"}
    )
    stats.record(table.get_many(stats.keys(DEFAULT, player_id)), DEFAULT, player_id, result)


def told(players: list[str]) -> list[Any]:
    """What the API says of the players' statistics."""
    return [stats.read(DEFAULT, player_id) for player_id in players]


def stored(kind: str) -> list[Item]:
    return [item for item in everything() if kind in item["pk"]]


def everything() -> list[Item]:
    return [
        unmarshal_item(item) for item in client("dynamodb").scan(TableName=settings().table_name)["Items"]
    ]


def note() -> Note:
    return Note.from_item(table.get(NOTE))


def migration() -> Migration:
    return Migration(load_settings("dev"))


def up() -> None:
    migration().prepare(2)
    migration().settle(2)


def down() -> None:
    migration().prepare(1)
    migration().settle(1)


def form_1(players: list[str]) -> dict[str, tuple[int, int, int]]:
    """What a release of form 1 finds: matches, sum and best of each player."""
    found = [table.get(player_items.shared_stats_key(DEFAULT, player_id)) or {} for player_id in players]
    names = ("matches_played", "score_total", "score_best")
    return {
        player_id: tuple(item.get(name, 0) for name in names)
        for player_id, item in zip(players, found, strict=True)
    }


def test_statistics_get_partitions_of_their_own_and_nothing_else_changes(players: list[str]) -> None:
    before = told(players)
    up()
    assert told(players) == before
    assert {item["pk"] for item in stored("#stats")} == {f"default#stats#{one}" for one in players}
    assert (note().low, note().high) == (FORM, FORM)


def test_of_a_table_with_nothing_to_change_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    up()
    assert "Bringing" not in capsys.readouterr().err


def test_what_expires_is_told_to_dynamodb_until_a_release_comes_that_would_not_keep_it_up() -> None:
    for key, expires_at in (("default#session#1", 1000), ("default#refresh#2", 2000)):
        table.write(Put({"pk": key, "sk": "-", "expires_at": expires_at}))
    up()
    assert {item["purge_at"] for item in stored("#session#")} == {1000 + 24 * 60 * 60}
    assert all("purge_at" in item for item in everything() if "expires_at" in item)
    down()
    assert not any("purge_at" in item for item in everything())


def test_a_release_of_the_form_before_finds_all_of_it(players: list[str]) -> None:
    up()
    record(players[1], score=10)
    down()
    assert form_1(players) == {
        players[0]: (3, 590, 500),
        players[1]: (3, 100, 70),
        players[2]: (2, 90, 70),
    }
    assert [item["pk"] for item in stored("#stats#")] == []
    assert (note().low, note().high) == (1, 1)


def test_what_the_new_release_wrote_before_its_migration_is_found_after_an_automatic_return(
    players: list[str],
) -> None:
    migration().prepare(2)
    record(players[2], score=99)
    migration().settle(1)
    assert form_1(players)[players[2]] == (3, 189, 99)


@pytest.mark.parametrize("way", [up, down])
def test_killed_at_any_write_it_is_taken_up_where_it_was(
    players: list[str], intercept: Intercept, way: Any
) -> None:
    if way is down:
        up()
    before, left = told(players), [0]

    def kill(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if operation not in WRITES:
            return call(operation, arguments)
        if left[0] == 0:
            raise KilledError
        left[0] -= 1
        answer = call(operation, arguments)
        if left[0] == 0:
            raise KilledError
        return answer

    intercept(kill)
    cut_off = 0
    for _ in range(50):
        left[0] = 1
        try:
            way()
        except KilledError:
            cut_off += 1
        else:
            break
        left[0] = 1000
        assert told(players) == before
    assert cut_off > PLAYERS
    left[0] = 1000
    assert told(players) == before
    assert {item["sk"] == "-" for item in stored("#stats")} == {way is up}


@pytest.mark.parametrize("way", [up, down])
def test_results_that_come_in_between_are_counted(players: list[str], intercept: Intercept, way: Any) -> None:
    if way is down:
        up()
    writes: list[str] = []

    def between(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        """Lets a release of each form add a result before the first two moves of statistics."""
        if operation == "TransactWriteItems" and "Put" in arguments["TransactItems"][0] and len(writes) < 2:
            writes.append(operation)
            record(players[len(writes) - 1], score=1000)
            old(players[len(writes) - 1], 0)
        return call(operation, arguments)

    intercept(between)
    way()
    assert len(writes) == 2
    matches = [one.value.matches_played for one in told(players)]
    assert matches == [6, 5, 2]
    assert told(players)[1].value.score_best == 1000


def test_a_player_that_is_removed_meanwhile_does_not_come_back(
    players: list[str], api: Gateway, intercept: Intercept
) -> None:
    def between(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "TransactWriteItems" and "Put" in arguments["TransactItems"][0]:
            for player_id in players:
                with suppress(AssertionError):
                    api.delete(f"/players/{player_id}")
        return call(operation, arguments)

    intercept(between)
    up()
    assert stored("#stats") == []


def test_a_table_that_is_up_to_date_costs_one_read(players: list[str], intercept: Intercept) -> None:
    up()
    calls: list[str] = []

    def count(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        calls.append(operation)
        return call(operation, arguments)

    intercept(count)
    one = migration()
    one.prepare(FORM)
    one.settle(FORM)
    assert calls == ["GetItem"]


def test_a_table_of_a_later_release_is_left_alone() -> None:
    pk, sk = NOTE
    table.write(Put({"pk": pk, "sk": sk, "low": FORM + 1, "high": FORM + 1, "expiry": PURGE_AT}))
    with pytest.raises(DeployError, match=f"has form {FORM + 1}, and this tree knows forms up to {FORM}"):
        migration().prepare(FORM)


def test_without_a_table_there_is_nothing_to_do() -> None:
    client("dynamodb").delete_table(TableName=settings().table_name)
    up()
    down()


def test_a_table_of_before_is_switched_to_the_new_expiry_in_two_steps_an_hour_apart(
    intercept: Intercept, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    changes: list[tuple[str, bool]] = []

    def answer(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "DescribeTimeToLive":
            return {"TimeToLiveDescription": dict(aws)}
        if operation == "UpdateTimeToLive":
            asked = arguments["TimeToLiveSpecification"]
            changes.append((asked["AttributeName"], asked["Enabled"]))
            aws["TimeToLiveStatus"] = "ENABLING" if asked["Enabled"] else "DISABLING"
            aws["AttributeName"] = asked["AttributeName"]
            return {}
        return call(operation, arguments)

    intercept(answer)
    up()
    assert changes == [("expires_at", False)]
    assert "an hour from now" in capsys.readouterr().err
    assert note() == Note(FORM, FORM)
    aws["TimeToLiveStatus"] = "DISABLED"
    up()
    assert changes == [("expires_at", False), (PURGE_AT, True)]
    assert note() == Note(FORM, FORM, PURGE_AT)
