"""What the guide has pasted about faults does what it says."""

import json
import re
from pathlib import Path

import pytest

from tests.support.gateway import Gateway, open_session
from tests.support.tenants import provide


@pytest.fixture
def guide(project: Path) -> str:
    """The guide to faults."""
    return (project / "docs" / "guides" / "faults.md").read_text(encoding="utf-8")


def test_each_rule_of_the_guide_is_made(
    caller: Gateway, guide: str, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    provide(monkeypatch)
    said = [json.loads(text) for text in re.findall(r"^rule -d '(.*)'$", guide, re.MULTILINE)]
    admin = Gateway(open_session())
    for rule in said:
        answer = admin.post("/s/ci-7/_emulator/faults", rule)
        assert answer.status == 201, answer.text
    assert len(said) == 5
    lost = caller.post("/players", {"username": "Atreus", "email": "atreus@mail.example"})
    [player] = caller.get("/players").data
    assert (lost.status, player["username"]) == (504, "Atreus")
    assert len(slept) == 1, "the slow partner, which the rules after it go before"
    answers = [caller.get(f"/players/{player['player_id']}") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert caller.get("/trophies/7").status == 404, "in the default sandbox"
    assert Gateway().get("/s/ci-7/trophies/7").json() == {"trophies": []}
    assert [admin.delete(f"/s/ci-7/_emulator/faults{one}").status for one in ("/fault-1", "")] == [204, 204]


def test_the_header_of_the_guide_is_read(caller: Gateway, guide: str, slept: list[float]) -> None:
    [header] = re.findall(r"-H 'X-Emulator-Fault: (.*)'$", guide, re.MULTILINE)
    answer = caller.get("/players", headers={"x-emulator-fault": header})
    assert (answer.status, answer.headers["retry-after"], slept) == (503, "2", [0.8])
