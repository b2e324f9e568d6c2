"""What the documents name is there: files, folders, pages, headings; and what the set-up checklist has pasted works."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from infrastructure.tools import docker
from tests.support.recipe import steps

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CHECKLIST = ROOT / "docs" / "setup-checklist.md"
FILE = re.compile(r".*\.(py|md|toml|lock|json|html|css|js|mjs|sh)")
MADE = (".venv", ".local", ".env", "htmlcov")
"""What set-up, commands and users make, which git ignores."""


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def paths(page: Path) -> list[str]:
    """What stands in backticks on a page and looks like a path of the tree: it begins with a folder of the tree's, or
    ends like a file."""
    quoted = re.findall(r"`([^`\n]+)`", prose(page))
    folders = {item.name for item in ROOT.iterdir()}
    return [
        text
        for text in quoted
        if re.fullmatch(r"[\w.<>*-]+(/[\w.<>*-]+)*/?", text)
        and (("/" in text and top(text) in folders) or FILE.fullmatch(text))
    ]


def top(path: str) -> str:
    """The first name of a path."""
    return path.partition("/")[0]


def is_there(path: str) -> bool:
    """Whether the tree has it; ``<stack>`` stands for anything, and a bare file name for a file of any folder."""
    if top(path) in MADE:
        return True
    pattern = re.sub(r"<[^<>]*>", "*", path).rstrip("/")
    anywhere = (folder for folder in ROOT.iterdir() if folder.is_dir() and folder.name not in MADE)
    return any(ROOT.glob(pattern)) or (
        "/" not in path and any(any(folder.rglob(pattern)) for folder in anywhere)
    )


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


BY_RECIPE = {step.path for step in steps(ROOT / "CONTRIBUTING.md") if not step.line}
"""The files that CONTRIBUTING leads its reader to make."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in paths(page) if not is_there(path) and path not in BY_RECIPE] == []


def test_paths_are_found_on_the_pages() -> None:
    named = paths(ROOT / "docs" / "architecture.md")
    assert {"routes.py", "handlers/", "infrastructure/Pulumi.<stack>.yaml"} <= set(named)
    assert not is_there("handlers/gone.py")
    assert not is_there("gone.py")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_tree_leads_to_a_page_and_its_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        assert not anchor or anchor in headings(there), target


@pytest.mark.parametrize("folder", ["infrastructure", "tests"])
def test_the_architecture_names_every_folder(folder: str) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [item.parent.name for item in (ROOT / folder).glob("*/__init__.py")]
    assert packages
    assert [name for name in packages if f"`{folder}/{name}/`" not in text] == []


@dataclass(frozen=True)
class Check:
    """A row of the checklist: the part it stands in, its command, and what that shows, of which one has to be there."""

    part: str
    command: str
    shows: tuple[str, ...]

    @property
    def can_run_here(self) -> bool:
        """Whether this machine has what the command starts or looks for; nothing here is logged in to AWS."""
        if self.part == "AWS stacks" or ("docker" in self.command and not docker_answers()):
            return False
        looked_for = re.match(r"for name in ([\w -]+);", self.command)
        programs = (looked_for[1] if looked_for else self.command.partition(" ")[0]).split()
        return any((ROOT / program).exists() or shutil.which(program) for program in programs)


@cache
def docker_answers() -> bool:
    """Whether there is a Docker engine."""
    return docker.is_running()


def checks() -> list[Check]:
    """The rows of the checklist."""
    found, part = [], ""
    for line in CHECKLIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            part = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and len(cells) == 4 and cells[1].startswith("`"):
            found.append(Check(part, cells[1].strip("`"), tuple(re.findall(r"`([^`]+)`", cells[2]))))
    return found


CHECKS = checks()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.command)
def test_a_check_can_be_pasted(check: Check) -> None:
    subprocess.run(["sh", "-n", "-c", check.command], check=True)


@pytest.mark.parametrize(
    "check", [check for check in CHECKS if check.can_run_here], ids=lambda check: check.command
)
def test_a_check_shows_what_it_says(check: Check) -> None:
    run = subprocess.run(["sh", "-c", check.command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert check.shows
    assert any(text in run.stdout for text in check.shows), run.stdout + run.stderr


def test_the_checklist_has_checks_of_every_part_and_some_run_here() -> None:
    text = CHECKLIST.read_text(encoding="utf-8")
    assert {check.part for check in CHECKS} == set(re.findall(r"^## (.+)$", text, re.MULTILINE))
    run = {check.command.split()[0] for check in CHECKS if check.can_run_here}
    assert {"make", "git", ".venv/bin/python"} <= run


def test_the_checklist_names_the_extensions_that_are_recommended() -> None:
    recommended = json.loads((ROOT / ".vscode" / "extensions.json").read_text(encoding="utf-8"))[
        "recommendations"
    ]
    part = prose(CHECKLIST).partition("## VS Code")[2]
    named = {text for text in re.findall(r"`([a-z-]+\.[a-z-]+)`", part) if not (ROOT / text).exists()}
    assert named == set(recommended)
