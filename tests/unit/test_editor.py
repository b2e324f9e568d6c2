"""The settings for VS Code name what there is: modules, commands, make targets, events, folders."""

import json
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from xdist import plugin

import routes
from infrastructure import cli
from tests import conftest


@pytest.fixture
def launch(project: Path) -> dict[str, Any]:
    """What can be debugged."""
    return read(project, "launch")


@pytest.fixture
def tasks(project: Path) -> dict[str, Any]:
    """What can be run."""
    return read(project, "tasks")


@pytest.fixture
def settings(project: Path) -> dict[str, Any]:
    """How the editor is set."""
    return read(project, "settings")


def read(project: Path, name: str) -> dict[str, Any]:
    """One of the files."""
    values: dict[str, Any] = json.loads((project / ".vscode" / f"{name}.json").read_text(encoding="utf-8"))
    return values


def choices(file: dict[str, Any], name: str) -> list[str]:
    """What a choice of the user's offers."""
    options: list[str] = next(item["options"] for item in file["inputs"] if item["id"] == name)
    return options


@pytest.mark.parametrize("name", ["launch", "tasks"])
def test_each_question_is_asked_and_each_that_is_asked_exists(project: Path, name: str) -> None:
    file = read(project, name)
    asked = set(re.findall(r"\$\{input:([^}]+)\}", json.dumps(file)))
    assert asked
    assert asked == {item["id"] for item in file["inputs"]}
    assert all(item["default"] in item.get("options", [item["default"]]) for item in file["inputs"])


def test_a_debugger_starts_modules_that_there_are(launch: dict[str, Any]) -> None:
    modules = {item["module"] for item in launch["configurations"] if "module" in item}
    assert modules == {"tests.support.invoke", "infrastructure.cli", "pytest"}
    assert all(map(find_spec, modules))


def test_every_recorded_event_can_be_chosen(project: Path, launch: dict[str, Any]) -> None:
    [argument] = launch["configurations"][0]["args"]
    chosen = [project / argument.replace("${input:event}", name) for name in choices(launch, "event")]
    assert sorted(chosen) == sorted((project / "tests" / "support" / "gateway_events").iterdir())


def test_every_command_that_can_be_debugged_is_one_of_a_stack(
    launch: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in choices(launch, "command"):
        assert cli.main([command, "--stack", "no-such-stack"]) == 1
        assert "There is no stack 'no-such-stack'" in capsys.readouterr().err, command


def test_tasks_are_make_targets_or_files(project: Path, tasks: dict[str, Any]) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (project / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    run = {(task["command"], *task.get("args", [])[:1]) for task in tasks["tasks"]}
    assert {
        ("make", "deploy"),
        ("make", "preview"),
        ("make", "test-unit"),
        ("make", "lint"),
        ("make", "logs"),
    } <= run
    for command, *target in run:
        assert set(target) <= targets if command == "make" else os.access(project / command, os.X_OK)


def test_the_function_whose_log_is_shown_by_default_is_one(tasks: dict[str, Any]) -> None:
    [question] = tasks["inputs"]
    assert question["default"] in {route.name for route in routes.ROUTES}


def test_the_testing_view_runs_in_parallel(project: Path, settings: dict[str, Any]) -> None:
    arguments = settings["python.testing.pytestArgs"]
    assert arguments[:2] == ["-n", "auto"]
    folders = [word for word in arguments if word.startswith("tests/")]
    assert folders
    assert all((project / folder).is_dir() for folder in folders)


def test_a_test_that_is_debugged_runs_in_the_debuggers_process(
    launch: dict[str, Any], monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    [debugged] = [item for item in launch["configurations"] if item.get("purpose") == ["debug-test"]]
    for name in debugged["env"]:
        monkeypatch.delenv(name, raising=False)
    assert conftest.pytest_xdist_auto_num_workers()
    for name, value in debugged["env"].items():
        monkeypatch.setenv(name, value)
    assert conftest.pytest_xdist_auto_num_workers() is None
    assert plugin.pytest_xdist_auto_num_workers(pytestconfig) == 0


def test_make_and_the_editor_read_the_same_env_file(project: Path) -> None:
    lines = (project / ".env.example").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "$(" in line]
    assert read(project, "settings").get("python.envFile") is None
