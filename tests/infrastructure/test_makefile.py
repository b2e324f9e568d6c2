"""What the make targets hand to the commands: every word that a user gives, whatever is in it, as one word."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from infrastructure.commands import command_line
from infrastructure.errors import DeployError

ROOT = Path(__file__).resolve().parents[2]
HARMLESS = {
    "FIND_UV",
    "PY",
    "RUN",
    "PYTEST",
    "ARGS",
    "JSON_FLAG",
    "FORM_FLAG",
    "DRY_FLAG",
    "REPLACE_OPTION",
}
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
    names += ["ISOLATION_SANDBOXES", "ISOLATION_STEPS", "ISOLATION_SEED"]
    file = tmp_path / "python"
    file.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"print(json.dumps([sys.argv[1:], {{name: os.environ.get(name) for name in {names}}}]))\n"
    )
    file.chmod(0o755)
    return file


def told(python: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the settings that a make target starts its command with, and nothing else."""
    run = make(ROOT, f"PY={python}", *arguments, **environment)
    assert run.returncode == 0, run.stderr
    words, settings = json.loads(run.stdout)
    return words, settings


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """How a run of make ended and what it said."""
    kept = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS"}}
    # The interpreter itself: what a version manager has on PATH in its place takes longer to start than make to run.
    kept["PATH"] = f"{sysconfig.get_config_var('BINDIR')}{os.pathsep}{kept['PATH']}"
    return subprocess.run(
        ["make", "-s", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_make_within_another_is_not_called_with_what_that_was(tmp_path: Path) -> None:
    calling = tmp_path / "calling"
    calling.write_text("#!/bin/sh\nexec make -s run-local PY=echo DRY_RUN=1\n")
    calling.chmod(0o755)
    run = make(ROOT, "test-unit", f"PY={calling}", "ARGS=--co")
    assert (run.returncode, run.stdout) == (0, "-m infrastructure.cli run-local --dry-run\n"), run.stderr


MAKEFILE = (ROOT / "Makefile").read_text()
PHONY = MAKEFILE.split(".PHONY:", 1)[1].split("\n\n", 1)[0].replace("\\", " ").split()
TAKES = {
    target: names.split()
    for target, names in re.findall(r"^takes\.([a-z0-9-]+) := ((?:.*\\\n)*.*)", MAKEFILE, re.MULTILINE)
}
"""The variables that each target takes beside those of every target (``all``)."""
OF_ALL = TAKES.pop("all")
FLAGS = re.findall(r"^FLAGS := (.*)", MAKEFILE, re.MULTILINE)[0].split()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with the Makefile, whose targets would leave a file there if they ran anything."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "bin" / "explain-variables", tmp_path / "bin")
    for name in ("bin/setup", "python"):
        (tmp_path / name).write_text('#!/bin/sh\ntouch "$(dirname "$0")/ran"\n')
        (tmp_path / name).chmod(0o755)
    return tmp_path


def refused(folder: Path, *arguments: str, **environment: str) -> str:
    """What make says in place of running anything."""
    run = make(folder, f"PY={folder / 'python'}", *arguments, **environment)
    assert run.returncode != 0
    assert not list(folder.rglob("ran"))
    return run.stderr


@pytest.mark.parametrize("target", PHONY)
def test_a_variable_that_a_target_does_not_know_is_refused_and_the_nearest_named(
    elsewhere: Path, target: str
) -> None:
    misspelt = {f"{name[:-1]}_{name[-1]}": name for name in ("STACK", *TAKES.get(target, []))}
    others = set().union(*TAKES.values()) - set(TAKES.get(target, []))
    said = refused(elsewhere, target, *(f"{name}=1" for name in (*misspelt, *others)))
    for name, meant in misspelt.items():
        assert f"error: make {target} knows no {name}.\n       Did you mean {meant}?" in said
    assert set(re.findall(r"knows no (\w+)\.", said)) == {*misspelt, *others}


def test_what_the_makefile_keeps_for_itself_switches_nothing_off(elsewhere: Path) -> None:
    own = re.findall(r"^(?:override )?([a-z_]+) :?= ", MAKEFILE, re.MULTILINE)
    assert len(own) > 10
    for name in own:
        assert "knows no STAK." in refused(elsewhere, "deploy", f"{name}=", "STAK=x")


def test_each_target_takes_what_its_recipe_reads() -> None:
    variables = dict(re.findall(r"^(\w+_(?:FLAG|OPTION)) = (.*)", MAKEFILE, re.MULTILINE))
    read: dict[str, set[str]] = {}
    for target, recipe in re.findall(r"^([a-z0-9-]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE):
        text = re.sub(r"\$\((\w+_(?:FLAG|OPTION))\)", lambda match: variables[match[1]], recipe)
        read[target] = {*re.findall(r"\$\(call (?:flag|given|either|option|typed),([A-Z_]+)", text)}
        read[target] |= {*re.findall(r"\$\((ARGS)\)", text), *re.findall(r"value ([A-Z]+)", text)}
    assert {target: set(names) for target, names in TAKES.items()} == {
        target: names for target, names in read.items() if names
    }
    used_as_flags = set(re.findall(r"call flag,([A-Z_]+)", MAKEFILE))
    assert used_as_flags | {"DEBUG"} == set(FLAGS)


def test_an_option_is_named_as_the_variable_that_sets_it_for_by_that_its_faults_are_told() -> None:
    set_by = re.findall(r"call (?:flag|option|typed),([A-Z_]+),(--[a-z-]+)", MAKEFILE)
    set_by += [
        (name, option) for option, name in re.findall(r"(--[a-z-]+)=\$\(call given,([A-Z_]+)", MAKEFILE)
    ]
    assert len(set_by) > 20
    assert [option for name, option in set_by if command_line.variable_of(option) != name] == []


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("value", ["", "ture"])
def test_a_flag_that_is_neither_on_nor_off_is_refused(elsewhere: Path, flag: str, value: str) -> None:
    target = next((target for target, names in TAKES.items() if flag in names), "deploy")
    assert f"error: {flag} is neither on nor off." in refused(elsewhere, target, f"{flag}={value}")
    if value == "ture" and flag != "DEBUG":
        assert f"error: {flag} is neither" in refused(elsewhere, target, **{flag: value})


def test_a_flag_is_on_or_off_in_any_usual_spelling(python: Path) -> None:
    for value in ("1", "true", "True", "YES", "on"):
        assert "--dry-run" in told(python, "rollback", f"DRY_RUN={value}")[0]
    for value in ("0", "false", "False", "NO", "off"):
        assert "--dry-run" not in told(python, "rollback", f"DRY_RUN={value}")[0]
        assert "--dry-run" not in told(python, "rollback", DRY_RUN="")[0]


def test_a_stack_without_a_name_is_refused(elsewhere: Path) -> None:
    assert "error: STACK is empty." in refused(elsewhere, "deploy", "STACK=")
    assert "error: STACK is empty." in refused(elsewhere, "deploy", STACK="")


def test_what_nearly_is_a_variable_in_dotenv_is_refused_and_what_is_somebody_elses_is_not(
    elsewhere: Path,
) -> None:
    for line, name in (("STAK=dev", "STACK"), ("LOCAL_PORT=1", "LOCAL_AWS_PORT"), ("DRYRUN=1", "DRY_RUN")):
        (elsewhere / ".env").write_text(f"{line}\n")
        said = refused(elsewhere, "deploy")
        assert (
            f"error: .env sets {line.split('=')[0]}, which nothing reads.\n       Did you mean {name}?"
            in said
        )
    (elsewhere / ".env").write_text("EDITOR_FONT=12\nLOCAL_AWS_PORT=5000\nWORKERS=1\nJSON=1\n")
    assert make(elsewhere, "deploy", f"PY={elsewhere / 'python'}").returncode == 0


def test_a_variable_of_the_environment_is_never_refused(python: Path) -> None:
    environment = {"STAK": "dev", "DRYRUN": "1", "DEBUG": "express:*", "KILLS": "x"}
    assert told(python, "rollback", **environment)[0] == ["-m", "infrastructure.cli", "rollback"]


def test_the_examples_give_what_their_targets_take() -> None:
    files = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    files += [*(ROOT / "docs").rglob("*.md"), *(ROOT / "infrastructure").rglob("*.py")]
    for file in files:
        for target, given in re.findall(
            r"\bmake (?:-s )?([a-z][a-z-]+)((?: [A-Z_]+=)[^`]*)", file.read_text()
        ):
            if target in PHONY:
                names = re.findall(r"^ ([A-Z_]+)=", given)
                assert set(names) <= {*OF_ALL, *TAKES.get(target, [])}, (file, target, names)


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    ("target", "variable", "option"),
    [
        ("rollback", "TAG", "--tag"),
        ("promote", "TAG", "--tag"),
        ("promote", "FROM", "--from"),
        ("promote", "TO", "--to"),
        ("logs", "FN", "--fn"),
        ("logs", "SINCE", "--since"),
        ("run-local", "FN", "--fn"),
        ("run-local", "PORT", "--port"),
        ("bench", "ROUNDS", "--rounds"),
    ],
)
def test_what_is_given_to_a_command_is_one_word_of_it(
    python: Path, target: str, variable: str, option: str, value: str
) -> None:
    dry = {"DRY_RUN": "1"} if "DRY_RUN" in TAKES[target] else {}
    by_command_line, _ = told(
        python, target, f"{variable}={value}", *(f"{name}={value}" for name, value in dry.items())
    )
    by_environment, _ = told(python, target, **{variable: value}, **dry)
    assert f"{option}={value}" in by_command_line
    assert by_command_line == by_environment
    assert ("--dry-run" in by_command_line) == bool(dry)


@pytest.mark.parametrize("value", [value for value in NASTY if value])
@pytest.mark.parametrize(
    ("target", "variable", "setting"),
    [
        ("test-kills", "KILLS", "KILLS"),
        ("test-kills", "SEED", "SEED"),
        ("test-model", "STEPS", "MODEL_STEPS"),
        ("test-model", "SEED", "MODEL_SEED"),
        ("test-sandboxes", "SANDBOXES", "ISOLATION_SANDBOXES"),
        ("test-sandboxes", "STEPS", "ISOLATION_STEPS"),
        ("test-sandboxes", "SEED", "ISOLATION_SEED"),
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


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("staus", "Did you mean make status?"),
        ("qqq", "make help lists them."),
        ("$(id)'x", "make help lists them."),
    ],
)
def test_what_is_no_target_is_told_with_what_is_like_it(elsewhere: Path, target: str, remedy: str) -> None:
    said = refused(elsewhere, target)
    assert f"error: There is no target {target}.\n       {remedy}" in said


def test_one_form_of_a_preview_is_not_taken_for_another(python: Path) -> None:
    assert told(python, "preview", "JSON=1", "MARKDOWN=1")[0][-2:] == ["--json", "--markdown"]
    with pytest.raises(DeployError, match="MARKDOWN: not allowed with JSON"):
        command_line.parse(["preview", "--json", "--markdown"])


def test_what_was_changed_by_hand_is_repaired_without_the_image_too(python: Path) -> None:
    assert told(python, "deploy-infra", "REFRESH=1")[0][2:] == [
        "deploy",
        "--infrastructure-only",
        "--refresh",
    ]


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
    named = {line.split()[0] for line in make(ROOT).stdout.splitlines() if line.startswith("  ")}
    assert named == set(PHONY) - {"setup"}
