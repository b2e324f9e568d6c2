"""What functions count of their answers, on which alarms are: what was injected is counted apart."""

from tests.conftest import Log
from tests.support.embedded_metrics import metrics_in
from tests.support.gateway import Gateway


def test_an_answer_with_a_fault_is_counted_apart(caller: Gateway, log: Log) -> None:
    asked = {"x-emulator-fault": "status=503"}
    assert caller.get("/players", headers=asked).status == 503
    found = metrics_in(log.lines()[-1])
    found.pop("ColdStarts", None)
    assert found == {
        "Injected": (1, {"Route": "players-list", "Status": "503"}),
        "InjectedServerErrors": (-1, {}),
    }


def test_an_answer_that_was_delayed_is_not_measured(caller: Gateway, log: Log) -> None:
    assert caller.get("/players", headers={"x-emulator-fault": "delay_ms=5"}).status == 200
    assert metrics_in(log.lines()[-1]).keys() - {"ColdStarts"} == {"Injected"}


def test_another_is_measured_among_those_of_all_routes_too(caller: Gateway, log: Log) -> None:
    caller.get("/players")
    found = metrics_in(log.lines()[-1])
    assert found["Requests"] == (1, {"Route": "players-list", "Status": "200"})
    assert found["UninjectedLatency"] == (found["Latency"][0], {})
    assert "Injected" not in found


def test_a_reader_of_the_journal_that_waits_is_not_measured_among_them(caller: Gateway, log: Log) -> None:
    caller.get("/_emulator/clock")
    assert "UninjectedLatency" not in metrics_in(log.lines()[-1])


def test_a_fault_that_was_asked_for_wrongly_is_none(caller: Gateway, log: Log) -> None:
    assert caller.get("/players", headers={"x-emulator-fault": "status=7"}).status == 400
    assert "Injected" not in metrics_in(log.lines()[-1])
