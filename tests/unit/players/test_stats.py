"""A player's statistics by HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from services.players import stats
from tests.conftest import Clock
from tests.support.gateway import Answer, Gateway
from utils.strict_json import rfc3339

NOBODY = "01890000-0000-7000-8000-000000000000"
BILLION = 1_000_000_000
RESULT = {
    "outcome": "win",
    "score": 120,
    "playtime_seconds": 900,
    "experience": 250,
    "trophies": {"bronze": 2, "gold": 1},
    "played_at": "2025-03-01T12:00:00Z",
}


@pytest.fixture
def path(api: Gateway) -> str:
    """The path of the statistics of a new player."""
    answer = api.post("/players", {"username": "kratos", "email": "kratos@mail.example"})
    return f"/players/{answer.data['player_id']}/stats"


def posted(api: Gateway, path: str, **result: Any) -> Answer:
    answer = api.post(path, {"outcome": "draw", **result})
    assert answer.status == 200
    return answer


def test_a_new_player_has_zeros(api: Gateway, path: str) -> None:
    answer = api.get(path)
    assert answer.status == 200
    assert answer.data == {
        "player_id": path.split("/")[2],
        "matches_played": 0,
        "wins": 0,
        "losses": 0,
        "draws": 0,
        "win_rate": 0.0,
        "score_total": 0,
        "score_best": 0,
        "playtime_seconds": 0,
        "level": 0,
        "experience": 0,
        "trophies": {"bronze": 0, "silver": 0, "gold": 0, "platinum": 0},
        "last_played_at": None,
    }


@pytest.mark.parametrize("player_id", [NOBODY, "not-a-uuid"])
def test_a_player_that_is_not_there_has_none(api: Gateway, player_id: str) -> None:
    path = f"/players/{player_id}/stats"
    for answer in (api.get(path), api.post(path, RESULT)):
        assert (answer.status, answer.code) == (404, "player_not_found")


def test_a_result_is_added_and_the_sum_answered(api: Gateway, path: str) -> None:
    answer = api.post(path, RESULT)
    assert answer.status == 200
    assert answer.data == {
        "player_id": path.split("/")[2],
        "matches_played": 1,
        "wins": 1,
        "losses": 0,
        "draws": 0,
        "win_rate": 1.0,
        "score_total": 120,
        "score_best": 120,
        "playtime_seconds": 900,
        "level": 0,
        "experience": 250,
        "trophies": {"bronze": 2, "silver": 0, "gold": 1, "platinum": 0},
        "last_played_at": "2025-03-01T12:00:00.000Z",
    }
    assert api.get(path).data == answer.data


def test_results_add_up(api: Gateway, path: str) -> None:
    for outcome, score in (("win", 10), ("loss", 30), ("draw", 20)):
        last = posted(
            api,
            path,
            outcome=outcome,
            score=score,
            playtime_seconds=60,
            experience=500,
            trophies={"silver": 1},
        )
    assert last.data["matches_played"] == 3
    assert (last.data["wins"], last.data["losses"], last.data["draws"]) == (1, 1, 1)
    assert last.data["win_rate"] == 0.3333
    assert (last.data["score_total"], last.data["score_best"]) == (60, 30)
    assert (last.data["playtime_seconds"], last.data["experience"]) == (180, 1500)
    assert last.data["trophies"] == {"bronze": 0, "silver": 3, "gold": 0, "platinum": 0}


def test_the_best_score_never_falls(api: Gateway, path: str) -> None:
    best = [posted(api, path, score=score).data["score_best"] for score in (5, 9, 9, 2, 10)]
    assert best == [5, 9, 9, 9, 10]


def test_the_latest_match_is_not_the_last_one_posted(api: Gateway, path: str) -> None:
    times = [
        "2025-03-01T12:00:00Z",
        "2024-01-01T00:00:00Z",
        "2025-03-01T13:30:00+01:00",
        "2025-03-01T12:00:00.001Z",
    ]
    latest = [posted(api, path, played_at=time).data["last_played_at"] for time in times]
    assert latest == [
        "2025-03-01T12:00:00.000Z",
        "2025-03-01T12:00:00.000Z",
        "2025-03-01T12:30:00.000Z",
        "2025-03-01T12:30:00.000Z",
    ]


def test_a_match_without_a_time_was_played_just_now(api: Gateway, path: str, stopped_clock: Clock) -> None:
    assert posted(api, path).data["last_played_at"] == rfc3339(stopped_clock.moment)


def test_a_match_of_the_future_is_refused_and_nothing_added(
    api: Gateway, path: str, stopped_clock: Clock
) -> None:
    late = stopped_clock.moment + timedelta(minutes=5, milliseconds=1)
    answer = api.post(path, {"outcome": "win", "played_at": rfc3339(late)})
    assert (answer.status, answer.code) == (422, "validation_error")
    assert [fault["field"] for fault in answer.json()["errors"]] == ["played_at"]
    assert api.get(path).data["matches_played"] == 0


def test_a_clock_five_minutes_ahead_is_still_right(api: Gateway, path: str, stopped_clock: Clock) -> None:
    ahead = rfc3339(stopped_clock.moment + timedelta(minutes=5))
    assert posted(api, path, played_at=ahead).data["last_played_at"] == ahead


def test_only_the_outcome_is_needed(api: Gateway, path: str) -> None:
    data = posted(api, path, outcome="loss").data
    assert (data["matches_played"], data["losses"], data["score_total"]) == (1, 1, 0)


@pytest.mark.parametrize(("experience", "level"), [(0, 0), (999, 0), (1000, 1), (1999, 1), (25_000, 25)])
def test_every_thousand_experience_are_a_level(experience: int, level: int) -> None:
    assert stats.level(experience) == level


def test_a_whole_number_counts_however_it_is_written(api: Gateway, path: str) -> None:
    answer = api.post(path, {"outcome": "win", "score": 30.0, "trophies": {"gold": 1e0}})
    assert (answer.data["score_total"], answer.data["trophies"]["gold"]) == (30, 1)
    assert '"score_total":30,' in answer.text


def test_the_level_follows_the_experience(api: Gateway, path: str) -> None:
    assert [posted(api, path, experience=600).data["level"] for _ in range(4)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("outcome", "victory"),
        ("outcome", None),
        ("score", -1),
        ("score", BILLION + 1),
        ("score", 1.5),
        ("score", "1"),
        ("score", True),
        ("playtime_seconds", -1),
        ("experience", BILLION + 1),
        ("trophies", []),
        ("trophies", None),
        ("trophies.gold", {"gold": -1}),
        ("trophies.diamond", {"diamond": 1}),
        ("played_at", "yesterday"),
        ("played_at", "2025-03-01"),
        ("played_at", "2025-03-01T12:00:00"),
        ("played_at", "2025-03-01 12:00:00Z"),
        ("played_at", "2025-02-30T12:00:00Z"),
        ("played_at", "0001-01-01T00:00:00+01:00"),
        ("played_at", 1_700_000_000),
        ("win_rate", 1),
    ],
)
def test_a_field_that_is_wrong_is_refused_and_nothing_added(
    api: Gateway, path: str, field: str, value: Any
) -> None:
    answer = api.post(path, {"outcome": "win", field.partition(".")[0]: value})
    assert (answer.status, answer.code) == (422, "validation_error")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert api.get(path).data["matches_played"] == 0


def test_a_result_needs_an_outcome(api: Gateway, path: str) -> None:
    answer = api.post(path, {"score": 1})
    assert [(fault["field"], fault["code"]) for fault in answer.json()["errors"]] == [("outcome", "missing")]


@pytest.mark.parametrize(
    "played_at", ["2025-03-01t12:00:00z", "2025-03-01T12:00:00.123456789Z", "2025-03-01T12:00:00-23:59"]
)
def test_any_time_of_rfc_3339_is_taken(api: Gateway, path: str, played_at: str) -> None:
    assert posted(api, path, played_at=played_at).data["last_played_at"].startswith("2025-03-0")


def test_the_largest_amounts_are_kept_exactly(api: Gateway, path: str) -> None:
    for _ in range(3):
        last = posted(api, path, score=BILLION, experience=BILLION)
    assert (last.data["score_total"], last.data["level"]) == (3 * BILLION, 3_000_000)
