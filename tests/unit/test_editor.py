"""The settings for VS Code name what there is: modules, commands, make targets, events, folders."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import routes
from infrastructure import cli


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


def test_the_testing_view_runs_in_parallel_unless_it_debugs(
    project: Path, settings: dict[str, Any], launch: dict[str, Any]
) -> None:
    arguments = settings["python.testing.pytestArgs"]
    folders = [word for word in arguments if word.startswith("tests/")]
    assert folders
    assert all((project / folder).is_dir() for folder in folders)
    assert arguments[:2] == ["-n", "auto"]
    [debugged] = [item for item in launch["configurations"] if item.get("purpose") == ["debug-test"]]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments[: -len(folders)]]
    run = subprocess.run(
        [*command, "tests/unit/utils/test_version.py"],
        cwd=project,
        env=os.environ | debugged["env"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 passed" in run.stdout
    assert "workers" not in run.stdout


def test_make_and_the_editor_read_the_same_env_file(project: Path) -> None:
    lines = (project / ".env.example").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if "$(" in line]
    assert read(project, "settings").get("python.envFile") is None
