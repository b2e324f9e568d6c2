"""The workflows hold to what keeps them safe, and their scripts run make targets that are there."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
VALUES = {
    "STACK": "dev",
    "TAG": "20260102-030405-0123abcd; echo INJECTED >> $CALLS",
    "NUMBER": "7",
    "GITHUB_REPOSITORY": "studio/emulator",
}


def read(file: Path) -> dict[str, Any]:
    """A workflow; ``on`` is a boolean to YAML 1.1."""
    content: dict[Any, Any] = yaml.safe_load(file.read_text())
    return {"on" if key is True else key: value for key, value in content.items()}


JOBS = [(file.stem, name, job) for file in FILES for name, job in read(file)["jobs"].items()]
IDS = [f"{workflow}-{name}" for workflow, name, _ in JOBS]


@pytest.mark.parametrize(("workflow", "name", "job"), JOBS, ids=IDS)
def test_actions_are_pinned_by_commit_and_scripts_hold_no_expression(
    workflow: str, name: str, job: dict[str, Any]
) -> None:
    for step in job["steps"]:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))
        assert "${{" not in step.get("run", "")
    assert job["timeout-minutes"] <= 60
    rights = job.get("permissions", {"contents": "read"})
    assert {right for right, value in rights.items() if value == "write"} <= {"id-token", "pull-requests"}
    assert read(FOLDER / f"{workflow}.yml")["permissions"] == {"contents": "read"}


def test_each_pin_says_which_version_it_is() -> None:
    for file in FILES:
        for line in re.findall(r"uses: .*", file.read_text()):
            assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), (file.name, line)


COMMENTS = "repos/studio/emulator/issues/7/comments"
OWN = '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.mark))) | .id'


def calls(job: dict[str, Any], folder: Path, answered: str = "") -> list[list[str]]:
    """Runs the scripts of a job with a ``make`` and a ``gh`` that note what they were called with, and print what is
    ``answered``."""
    noted = folder / "calls"
    for tool in ("make", "gh"):
        (folder / tool).write_text(
            f"#!/bin/sh\n{{ printf '%s\\n' {tool} \"$@\"; printf '%s\\n' --end--; }} >> \"$CALLS\"\n"
            f"printf '%s' '{answered}'\n"
        )
        (folder / tool).chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(noted), **VALUES}
    for step in job["steps"]:
        if "run" in step:
            subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=environment, check=True)
    return [call.splitlines() for call in noted.read_text().split("--end--\n") if call]


def test_the_scripts_run_what_they_are_to(tmp_path: Path) -> None:
    called = {}
    for workflow, name, job in JOBS:
        (folder := tmp_path / f"{workflow}-{name}").mkdir()
        called[workflow, name] = calls(job, folder)
    assert called == {
        ("check", "check"): [["make", "lint"], ["make", "test"]],
        ("preview", "preview"): [
            ["make", "-s", "preview", "STACK=dev", "MARKDOWN=1"],
            ["gh", "api", COMMENTS, "--paginate", "--jq", OWN],
            ["gh", "pr", "comment", "7", "--repo", "studio/emulator", "--body-file", "preview.md"],
        ],
        ("deploy", "dev"): [["make", "deploy", "STACK=dev"], ["make", "smoke", "STACK=dev"]],
        ("deploy", "staging"): [
            ["make", "promote", "FROM=dev", "TO=staging"],
            ["make", "smoke", "STACK=staging"],
        ],
        ("deploy", "prod"): [
            ["make", "promote", "FROM=staging", "TO=prod"],
            ["make", "smoke", "STACK=prod"],
        ],
        ("rollback", "rollback"): [
            ["make", "rollback", "STACK=dev", f"TAG={VALUES['TAG']}"],
            ["make", "smoke", "STACK=dev"],
        ],
    }


def test_a_preview_replaces_the_comment_that_has_its_mark(tmp_path: Path) -> None:
    (job,) = (job for workflow, _, job in JOBS if workflow == "preview")
    last = calls(job, tmp_path, answered="42")[-1]
    comment = "repos/studio/emulator/issues/comments/42"
    assert last == ["gh", "api", "--method", "PATCH", comment, "--field", "body=@preview.md"]


def test_main_goes_to_dev_then_staging_then_prod_each_in_its_environment() -> None:
    jobs = read(FOLDER / "deploy.yml")["jobs"]
    assert [(name, job["environment"], job.get("needs")) for name, job in jobs.items()] == [
        ("dev", "dev", None),
        ("staging", "staging", "dev"),
        ("prod", "prod", "staging"),
    ]


@pytest.mark.skipif(
    shutil.which("go") is None, reason="needs Go, which is not on this machine, for actionlint"
)
def test_actionlint_finds_nothing() -> None:
    ended = subprocess.run(
        ["go", "run", ACTIONLINT, "-no-color", "-shellcheck=", *map(str, FILES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (ended.stdout, ended.returncode) == ("", 0), ended.stderr
