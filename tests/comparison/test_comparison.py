"""The page is what the recorded results make of it, and they are of the scripts as they are."""

import inspect
import logging
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.comparison import __main__ as command
from tests.comparison import page, results
from tests.comparison.lines import needed
from tests.comparison.process import Running
from tests.comparison.results import TOOLS, Outcome, Result
from tests.comparison.scenarios import SCENARIOS, CannotError, Verdict

RECORDED = results.read()
NAMES = [scenario.name for scenario in SCENARIOS]


def test_of_every_tool_every_scenario_is_recorded() -> None:
    assert list(RECORDED) == list(TOOLS)
    assert {name: list(result.scenarios) for name, result in RECORDED.items()} == dict.fromkeys(TOOLS, NAMES)


def test_the_page_is_made_of_the_recorded_results() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.rendered(text, RECORDED) == text, "make compare makes the page anew"
    for table in ("asked", "verdicts", "how", "figures"):
        assert f"<!-- made: {table} -->\n|" in text or f"<!-- made: {table} -->\n###" in text


@pytest.mark.parametrize("name", TOOLS)
def test_the_results_are_of_the_scripts_as_they_are(name: str) -> None:
    tool, recorded = TOOLS[name], RECORDED[name]
    assert recorded.version == results.version(tool)
    assert recorded.lines == results.lines(tool, *NAMES)
    for scenario in SCENARIOS:
        outcome = recorded.scenarios[scenario.name]
        assert inspect.getdoc(getattr(tool, scenario.name)), scenario.name
        if outcome.noted is None:
            assert (outcome.verdict, outcome.lines) == ("no", 0)
        else:
            assert outcome.verdict == scenario.verdict(outcome.noted)
            assert outcome.lines == results.lines(tool, scenario.name)


def test_lines_are_those_of_code_that_a_scenario_reaches_each_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        '"""Says what it is."""\n\nimport httpx\n\n_ONE = {\n    "a": 1,\n}\n_OTHER = 2\n\n\n'
        'def helper():\n    """Helps.\n\n    And more.\n    """\n    # why\n    return _ONE\n\n\n'
        "def first():\n    helper()\n\n    return httpx\n\n\n"
        "def second():\n    return helper(), _OTHER\n"
    )
    assert needed(script, "helper") == 5
    assert needed(script, "first") == 8
    assert needed(script, "second") == 8
    assert needed(script, "first", "second") == 11


@pytest.mark.parametrize(
    ("name", "noted", "verdict"),
    [
        ("unavailable_twice", [503, 503, 200], "yes"),
        ("unavailable_twice", [503, 200], "no"),
        ("rate_limited", [200, 200, 429, 200, 200, 200, 200], "in part"),
        ("parallel_jobs", {"data": True, "tokens": True, "faults": True, "clock": True}, "yes"),
        ("parallel_jobs", {"data": False, "tokens": True, "faults": False, "clock": False}, "in part"),
        ("parallel_jobs", {"data": False, "tokens": False, "faults": False, "clock": False}, "no"),
    ],
)
def test_a_scenario_holds_in_part_where_some_of_it_happened(name: str, noted: Any, verdict: Verdict) -> None:
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.name == name)
    assert scenario.verdict(noted) == verdict


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Result]:
    """What a run keeps, in place of the recorded results and the page."""
    found: dict[str, Result] = {}
    monkeypatch.setattr(results, "keep", found.update)
    monkeypatch.setattr(page, "write", lambda _results: None)
    return found


def test_what_needs_java_is_skipped_with_a_word_where_there_is_none(
    kept: dict[str, Result],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command.main(["wiremock", "mockserver", "mock-oauth2-server"]) == 0
    assert kept == {}
    assert "skipped wiremock: there is no java on PATH; it takes a JDK from version 17 on, and Maven" in (
        capsys.readouterr().err
    )


def _tool(noted: Any) -> ModuleType:
    """A tool with which each scenario comes to ``noted``, or cannot be done."""

    def scenario(_url: str) -> Any:
        if noted is None:
            raise CannotError
        return noted

    server = Running("http://127.0.0.1:9", 1.0, lambda: 1)
    tool: Any = SimpleNamespace(
        JARS=None, NAME="Tool", running=lambda: nullcontext(server), reset=lambda _url: None
    )
    tool.__dict__.update(dict.fromkeys(NAMES, scenario))
    return tool  # type: ignore[no-any-return]


def test_a_scenario_that_comes_to_less_than_was_recorded_is_an_error(
    kept: dict[str, Result], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "lines", lambda *_: 7)
    monkeypatch.setattr(command, "TOOLS", {"tool": _tool([503, 503, 200])})
    monkeypatch.setattr(results, "read", dict)
    handlers = list(logging.root.handlers)
    assert command.main([]) == 0
    assert logging.root.handlers == handlers
    first = dict(kept)
    assert first["tool"].scenarios["unavailable_twice"] == Outcome("yes", 7, [503, 503, 200])
    assert first["tool"].scenarios["slow_partner"].verdict == "no"
    monkeypatch.setattr(results, "read", lambda: first)
    monkeypatch.setattr(command, "TOOLS", {"tool": _tool(None)})
    assert command.main([]) == 1
    assert "tool: unavailable_twice came to 'no', before it was 'yes'" in capsys.readouterr().err


def test_a_tool_that_is_not_known_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["nope"])
    assert (
        "there is no nope; there are emulator, wiremock, mockserver, mock-oauth2-server"
        in capsys.readouterr().err
    )
