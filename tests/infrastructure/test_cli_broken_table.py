"""What commands say where the route table cannot be read."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROKEN = {
    "<<<<<<< HEAD": "SyntaxError: invalid syntax",
    "import nothing_of_this_name": "ModuleNotFoundError: No module named 'nothing_of_this_name'",
    "int('x')": "ValueError: invalid literal for int() with base 10: 'x'",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the command line is made of, but for the route table."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("infrastructure", "seeding"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("line", BROKEN)
def test_a_route_table_that_cannot_be_read_is_told_with_its_line(checkout: Path, line: str) -> None:
    failed = run(checkout, line, "outputs")
    assert failed.returncode == 1
    assert failed.stderr == (
        f"error: routes.py cannot be read: {BROKEN[line]}, routes.py:2\n"
        "       Correct routes.py, then run this again.\n"
    )


def test_it_is_told_whole_to_who_wants_to_see_all(checkout: Path) -> None:
    assert "Traceback" in run(checkout, "int('x')", "outputs", DEBUG="1").stderr


@pytest.mark.parametrize("command", ["down", "clean"])
def test_what_needs_no_route_table_does_without(checkout: Path, command: str) -> None:
    assert run(checkout, "int('x')", command).returncode == 0


def run(checkout: Path, line: str, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command where that is the second line of the route table."""
    (checkout / "routes.py").write_text(f'"""The API."""\n{line}\n')
    return subprocess.run(
        [sys.executable, "-B", "-m", "infrastructure.cli", command],
        cwd=checkout,
        env=os.environ | {"LOCAL_HOME": str(checkout / "home")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
