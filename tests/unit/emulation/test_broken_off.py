"""A fault that waits where the function breaks off and is carried out anew: as if it had slept, and once."""

from time import perf_counter
from typing import Any

import pytest

import main
from serve.worker import packed, unpacked
from tests.support.gateway import Context, Gateway
from tests.support.journal import Journal, kept
from tests.unit.emulation.conftest import Rule
from utils import waiting
from utils.sandbox import Sandbox

PLAYER = {"username": "Atreus", "email": "atreus@mail.example"}
SECONDS = 0.25


def carried_out(event: dict[str, Any], entry: str) -> tuple[dict[str, Any], list[float]]:
    """The answer to an event as a worker comes to it, and its pauses, which take no time here."""
    pauses: list[float] = []
    left = None
    while True:
        try:
            with waiting.resumable(0, unpacked(left)):
                return getattr(main, entry)(event, Context()), pauses
        except waiting.UnfinishedError as unfinished:
            pauses.append(unfinished.seconds)
            left = packed(unfinished.kept)


def test_what_was_counted_before_a_pause_is_not_counted_again(
    caller: Gateway, rule: Rule, slept: list[float]
) -> None:
    caller.put("/_emulator/limits", {"requests": 5, "window": "PT1H"})
    made = rule(
        {"delay_ms": 250},
        "pass",
        {"status": 503, "delay_ms": {"uniform": [10, 20]}},
        match={"path": "/players"},
    )
    event, route = caller.event("POST", "/players", body=PLAYER)
    answer, pauses = carried_out(event, route.entry)
    assert (answer["statusCode"], pauses, slept) == (201, [SECONDS], [])
    assert answer["headers"]["X-Emulator-Fault-Applied"] == made["id"]
    assert "r=4" in answer["headers"]["RateLimit"]
    assert caller.get(f"/_emulator/faults/{made['id']}").data["hits"] == 1
    assert [player["username"] for player in caller.get("/players").data] == ["Atreus"]
    event, route = caller.event("GET", "/players")
    answer, [pause] = carried_out(event, route.entry)
    assert (answer["statusCode"], 0.01 <= pause <= 0.02) == (503, True)
    assert caller.get(f"/_emulator/faults/{made['id']}").data["hits"] == 3


def test_it_goes_on_with_what_was_read_before_the_pause(
    caller: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a function that slept does, though its bearer's session ends meanwhile."""
    event, route = caller.event("GET", "/players", headers={"x-emulator-fault": "delay_ms=250"})
    with pytest.raises(waiting.UnfinishedError) as unfinished, waiting.resumable(0):
        getattr(main, route.entry)(event, Context())
    monkeypatch.setattr("handlers.admission.admitted", None)
    with waiting.resumable(0, unpacked(packed(unfinished.value.kept))):
        assert getattr(main, route.entry)(event, Context())["statusCode"] == 200


def test_two_faults_that_wait_are_waited_for_in_turn(caller: Gateway, slept: list[float]) -> None:
    slow = {**PLAYER, "username": "fault-slow-800"}
    event, route = caller.event(
        "POST", "/players", body=slow, headers={"x-emulator-fault": "lost_response, delay_ms=250"}
    )
    answer, pauses = carried_out(event, route.entry)
    assert (answer["statusCode"], pauses) == (504, [SECONDS, 0.8])
    assert caller.get("/players").data == []


def test_it_is_in_the_journal_once_with_the_time_that_it_took(
    caller: Gateway, ci: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kept(monkeypatch):
        event, route = caller.event("GET", "/players", headers={"x-emulator-fault": "timeout"})
        with pytest.raises(waiting.UnfinishedError) as unfinished, waiting.resumable(0):
            getattr(main, route.entry)(event, Context())
        assert Journal(ci).rows() == []
        earlier = {**unfinished.value.kept, "started": perf_counter() - 30}
        with waiting.resumable(0, earlier):
            assert getattr(main, route.entry)(event, Context())["statusCode"] == 504
        [row] = Journal(ci).rows()
    assert row["duration_ms"] >= 30_000
