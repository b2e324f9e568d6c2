"""Many callers at once. Every caller has read before any writes, so that all act on what is out of date."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from models.player import Player
from models.player_body import PlayerBody
from models.players_query import PlayersQuery
from models.result_body import ResultBody
from services.players import listing, player_items, players, stats
from services.players.players import (
    EmailTakenException,
    PlayerNotFoundException,
    UsernameTakenException,
)
from utils import table
from utils.errors import PSNEmulatorException, ThrottledException, VersionConflictException
from utils.etags import IfMatch, Versioned
from utils.sandbox import DEFAULT
from utils.strict_json import rfc3339
from utils.table import ConditionFailedError, Snapshot
from utils.writes import Delete, Update

pytestmark = pytest.mark.usefixtures("the_table")

START = datetime(2025, 1, 1, tzinfo=UTC)


def at_once(calls: Sequence[Callable[[], object]]) -> list[object]:
    """What each call gave or raised, all of them run at the same time."""

    def outcome(call: Callable[[], object]) -> object:
        try:
            return call()
        except PSNEmulatorException as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def body(username: str, email: str | None = None) -> PlayerBody:
    return PlayerBody(username=username, email=email or f"{username}@mail.example")


def create(username: str, email: str | None = None) -> Player:
    return players.create(DEFAULT, body(username, email)).value


def result(score: int = 0, *, played_at: datetime = START) -> ResultBody:
    return ResultBody.model_validate(
        {"outcome": "win", "score": score, "experience": 10, "played_at": rfc3339(played_at)}
    )


def read(player: Player) -> Snapshot:
    return table.get_many(stats.keys(DEFAULT, player.player_id))


def held(attribute: str, value: str) -> str | None:
    """The id of the player that holds a name."""
    item = table.get(player_items.unique_key(DEFAULT, attribute, value))
    return item["player_id"] if item else None


def there_are() -> list[Player]:
    """All players."""
    return listing.page({}, DEFAULT, PlayersQuery(limit=100)).players


def names_are_consistent(*free: str) -> None:
    """Every player holds its own two names, and nobody holds ``free``."""
    for player in there_are():
        assert held("username", player.username) == player.player_id
        assert held("email", player.email) == player.player_id
    assert [name for name in free if held("username", name)] == []


class TestCreating:
    def test_one_of_many_gets_the_username(self) -> None:
        spellings = ["Kratos", "kratos", "KRATOS", "kRaToS"] * 3
        outcomes = at_once([partial(create, name, f"{n}@mail.example") for n, name in enumerate(spellings)])
        assert [type(outcome) for outcome in outcomes].count(Player) == 1
        assert [type(outcome) for outcome in outcomes].count(UsernameTakenException) == 11
        assert len(there_are()) == 1
        names_are_consistent()

    def test_one_of_many_gets_the_address(self) -> None:
        outcomes = at_once([partial(create, f"player-{n}", "Same@mail.example") for n in range(12)])
        assert [type(outcome) for outcome in outcomes].count(Player) == 1
        assert [type(outcome) for outcome in outcomes].count(EmailTakenException) == 11
        names_are_consistent()


class TestReplacing:
    def test_many_times_at_once_leaves_one_name_held_and_no_other(self) -> None:
        player = create("first")
        replace = partial(players.replace, read(player), DEFAULT, player.player_id)
        names = [f"name-{n}" for n in range(8)]
        outcomes = at_once([partial(replace, body(name)) for name in names])
        assert {type(outcome) for outcome in outcomes} == {Versioned}
        (last,) = there_are()
        names_are_consistent("first", *(name for name in names if name != last.username))

    def test_of_many_players_gives_the_wanted_name_to_one(self) -> None:
        made = [create(f"player-{n}") for n in range(8)]
        outcomes = at_once(
            [
                partial(
                    players.replace, read(player), DEFAULT, player.player_id, body("wanted", player.email)
                )
                for player in made
            ]
        )
        assert [type(outcome) for outcome in outcomes].count(Versioned) == 1
        assert [type(outcome) for outcome in outcomes].count(UsernameTakenException) == 7
        names_are_consistent()

    def test_of_two_that_start_from_one_version_one_is_done(self) -> None:
        player = create("first")
        replace = partial(players.replace, read(player), DEFAULT, player.player_id)
        outcomes = at_once([partial(replace, body(name), IfMatch('"v1"')) for name in ("second", "third")])
        assert {type(outcome) for outcome in outcomes} == {Versioned, VersionConflictException}
        (last,) = there_are()
        names_are_consistent("first", *({"second", "third"} - {last.username}))

    def test_and_removing_of_one_version_leaves_one_of_them_done(self) -> None:
        player = create("first")
        acts = partial(players.remove, read(player), DEFAULT, player.player_id, IfMatch('"v1"'))
        replace = partial(players.replace, read(player), DEFAULT, player.player_id)
        removed, replaced = at_once([acts, partial(replace, body("second"), IfMatch('"v1"'))])
        if removed is None:
            assert isinstance(replaced, PlayerNotFoundException)
        else:
            assert (type(removed), type(replaced)) == (VersionConflictException, Versioned)

    def test_and_removing_at_once_leaves_nothing(self) -> None:
        player = create("first")
        items = read(player)
        replaced, removed = at_once(
            [
                partial(players.replace, items, DEFAULT, player.player_id, body("second")),
                partial(players.remove, items, DEFAULT, player.player_id),
            ]
        )
        assert removed is None
        assert isinstance(replaced, Versioned | PlayerNotFoundException)
        assert there_are() == []
        names_are_consistent("first", "second")

    @pytest.mark.parametrize("act", ["remove", "replace"])
    def test_or_removing_is_given_up_when_others_never_stop(
        self, act: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        player = create("first")
        remove = partial(players.remove, read(player), DEFAULT, player.player_id)
        replace = partial(players.replace, read(player), DEFAULT, player.player_id, body("second"))

        def always_changed(*_writes: Any) -> None:
            raise ConditionFailedError([0])

        monkeypatch.setattr(table, "transact", always_changed)
        (outcome,) = at_once([remove if act == "remove" else replace])
        assert isinstance(outcome, ThrottledException)


class TestPostingResults:
    def test_none_is_lost(self) -> None:
        player = create("kratos")
        record = partial(stats.record, read(player), DEFAULT, player.player_id)
        results = [result(n, played_at=START + timedelta(days=n)) for n in range(40)]
        outcomes = at_once([partial(record, result) for result in results])
        assert {type(outcome) for outcome in outcomes} == {Versioned}
        total = stats.find(read(player), DEFAULT, player.player_id).value
        assert (total.matches_played, total.wins, total.experience) == (40, 40, 400)
        assert total.score_total == sum(range(40))

    @pytest.mark.parametrize("order", [1, -1], ids=["rising", "falling"])
    def test_the_best_and_the_latest_survive(self, order: int) -> None:
        player = create("kratos")
        record = partial(stats.record, read(player), DEFAULT, player.player_id)
        results = [result(n, played_at=START + timedelta(days=39 - n)) for n in range(40)]
        at_once([partial(record, result) for result in results[::order]])
        total = stats.find(read(player), DEFAULT, player.player_id).value
        assert total.score_best == 39
        assert total.last_played_at == START + timedelta(days=39)

    def test_for_one_version_of_the_statistics_are_counted_once_each_time(self) -> None:
        player = create("kratos")
        for version in (0, 1):
            post = partial(stats.record, read(player), DEFAULT, player.player_id, result())
            outcomes = at_once([partial(post, if_match=IfMatch(f'"v{version}"'))] * 5)
            assert [type(outcome) for outcome in outcomes].count(Versioned) == 1
            assert [type(outcome) for outcome in outcomes].count(VersionConflictException) == 4
        assert stats.find(read(player), DEFAULT, player.player_id).version == 2

    def test_each_takes_three_attempts_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        player = create("kratos")
        items, key = read(player), player_items.stats_key(DEFAULT, player.player_id)
        overtaken: list[dict[str, Any]] = [{"score_best": 50}, {"last_played_at": rfc3339(START)}]
        attempts: list[int] = []
        transact = table.transact

        def overtake(*writes: Any) -> None:
            attempts.append(len(attempts))
            if overtaken:
                table.write(Update(key, assign=overtaken.pop(0)))
            transact(*writes)

        monkeypatch.setattr(table, "transact", overtake)
        late = result(40, played_at=START - timedelta(days=1))
        total = stats.record(items, DEFAULT, player.player_id, late).value
        assert len(attempts) == 3
        assert (total.matches_played, total.score_best, total.last_played_at) == (1, 50, START)

    def test_for_a_player_that_is_removed_meanwhile_brings_nothing_back(self) -> None:
        player = create("kratos")
        items = read(player)
        players.remove(items, DEFAULT, player.player_id)
        with pytest.raises(PlayerNotFoundException):
            stats.record(items, DEFAULT, player.player_id, result())
        assert table.get(player_items.stats_key(DEFAULT, player.player_id)) is None

    def test_while_the_player_is_removed_leaves_no_statistics_behind(self) -> None:
        player = create("kratos")
        items = read(player)
        post = partial(stats.record, items, DEFAULT, player.player_id, result())
        outcomes = at_once(
            [post, post, partial(players.remove, items, DEFAULT, player.player_id), post, post]
        )
        assert outcomes[2] is None
        assert read(player) == {}


def test_an_id_that_is_taken_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    first = create("kratos")
    monkeypatch.setattr("uuid_utils.uuid7", lambda **_: first.player_id)
    with pytest.raises(ConditionFailedError):
        create("atreus")
    table.write(Delete(player_items.player_key(DEFAULT, first.player_id)))
