"""What the make targets hand to the commands: every word that a user gives, whatever is in it, as one word."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HARMLESS = {"PY", "RUN", "PYTEST", "ARGS", "JSON_FLAG", "FORM_FLAG", "DRY_FLAG"}
"""What a recipe may name as it is: what the Makefile sets, and what is handed to pytest word by word."""
NASTY = (
    "20260102-030405-0123abcd; echo INJECTED",
    """it's "a"  b $(echo INJECTED) $(shell echo INJECTED) `id` $HOME * a,b x#y \\""",
    "--dry-run",
    "",
)


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Stands in for the interpreter of the commands: prints its arguments and the settings of the tests."""
    names = ["KILLS", "SEED", "MODEL_STEPS", "MODEL_SEED", "REQUESTS"]
    file = tmp_path / "python"
    file.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"print(json.dumps([sys.argv[1:], {{name: os.environ.get(name) for name in {names}}}]))\n"
    )
    file.chmod(0o755)
    return file


def told(python: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the settings that a make target starts its command with, and nothing else."""
    kept = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS"}}
    run = subprocess.run(
        ["make", "-s", f"PY={python}", *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    words, settings = json.loads(run.stdout)
    return words, settings


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    ("target", "variable", "option"),
    [
        ("rollback", "TAG", "--tag"),
        ("promote", "TAG", "--tag"),
        ("promote", "FROM", "--from"),
        ("promote", "TO", "--to"),
        ("logs", "FN", "--function"),
        ("logs", "SINCE", "--since"),
        ("run-local", "FN", "--function"),
        ("run-local", "PORT", "--port"),
        ("bench", "ROUNDS", "--rounds"),
    ],
)
def test_what_is_given_to_a_command_is_one_word_of_it(
    python: Path, target: str, variable: str, option: str, value: str
) -> None:
    by_command_line, _ = told(python, target, f"{variable}={value}", "DRY_RUN=1")
    by_environment, _ = told(python, target, **{variable: value, "DRY_RUN": "1"})
    assert f"{option}={value}" in by_command_line
    assert by_command_line == by_environment
    assert ("--dry-run" in by_command_line) == (target not in {"logs", "bench"})


@pytest.mark.parametrize("value", [value for value in NASTY if value])
@pytest.mark.parametrize(
    ("target", "variable", "setting"),
    [
        ("test-kills", "KILLS", "KILLS"),
        ("test-kills", "SEED", "SEED"),
        ("test-model", "STEPS", "MODEL_STEPS"),
        ("test-model", "SEED", "MODEL_SEED"),
        ("test-fuzz", "REQUESTS", "REQUESTS"),
        ("test-fuzz", "SEED", "SEED"),
    ],
)
def test_what_is_given_to_a_test_is_one_word_too(
    python: Path, target: str, variable: str, setting: str, value: str
) -> None:
    _, settings = told(python, target, f"{variable}={value}")
    assert settings[setting] == value


def test_what_is_not_given_is_left_to_the_command(python: Path) -> None:
    assert told(python, "rollback")[0] == ["-m", "infrastructure.cli", "rollback"]
    assert told(python, "logs")[0] == ["-m", "infrastructure.cli", "logs"]
    assert told(python, "bench")[0] == ["-m", "tests.bench", "--"]
    settings = told(python, "test-kills")[1]
    assert settings["KILLS"] == "25"
    assert settings["SEED"].isdecimal()


def test_several_benchmarks_can_be_named(python: Path) -> None:
    assert told(python, "bench", "ONLY=tag $(id) noop")[0][-3:] == ["tag", "$(id)", "noop"]


def test_no_recipe_names_what_a_user_gives_without_quoting_it() -> None:
    recipes = re.findall(r"^\t.*$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"\$\(([A-Z_]+)\)", "\n".join(recipes)))
    assert named - {"MAKEFILE_LIST"} == HARMLESS


@pytest.mark.parametrize(
    "target", ["build-local", "check-docker", "docker-login", "run-local", "down", "clean"]
)
def test_a_dry_run_is_one_of_every_command_that_changes_something(python: Path, target: str) -> None:
    assert told(python, target, "DRY_RUN=1")[0][-1] == "--dry-run"
    assert "--dry-run" not in told(python, target)[0]


def test_make_lists_every_target_with_what_it_does() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {line.split()[0] for line in shown.splitlines() if line.startswith("  ")}
    makefile = (ROOT / "Makefile").read_text()
    phony = makefile.split(".PHONY:", 1)[1].split("\n\n", 1)[0].replace("\\", " ").split()
    assert named == set(phony) - {"setup"}
