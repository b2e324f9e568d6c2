"""The wheels, in an environment that has them and what they need, and nothing of this tree."""

import os
import re
import select
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infrastructure.tools.packages import find_uv
from psn_partner_emulator.testing.server import Server
from tests.unit.test_readme import commands, pasted

SUITE = """
import json
import os
import urllib.request

import models
import pytest
import utils


def ask(url, token, body=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        return json.loads(answer.read())["data"]


@pytest.mark.parametrize("number", range(100))
def test_nobody_else_is_met(sandbox, emulator, number):
    assert (models.WHOSE, utils.WHOSE) == ("the integrator's", "the integrator's")
    token = sandbox.token()
    grace = {"username": "Grace", "email": "grace@example.com", "country": "US"}
    made = ask(f"{sandbox.base_url}/players", token, grace)
    assert ask(f"{sandbox.base_url}/players", token) == [made]
    sandbox.clock.advance(f"PT{number + 1}H")
    sandbox.requests.verify(path="/players", exactly=2)
    with open("met", "a") as file:
        file.write(f"{emulator.url} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""
TAKEN = ("handlers", "models", "routes", "serve", "services", "utils")
"""Names of modules that the application has too."""


def run(*command: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that has ended."""
    ours = ("PYTEST_", "PSN_", "PYTHON")  # without bytecode everything starts slowly
    known = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        command, cwd=folder, env=known | environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def wheels(project: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Both wheels, built."""
    folder = tmp_path_factory.mktemp("wheels")
    built = run("make", "-s", "wheel", f"OUT={folder}", folder=project)
    assert built.returncode == 0, built.stderr
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def installed(project: Path, wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has the wheels and, of the lock, what they need."""
    folder = tmp_path_factory.mktemp("environment")
    uv, python = find_uv(), folder / "bin" / "python"
    exported = ["export", "--frozen", "--no-default-groups", "--group", "suite", "--no-emit-project"]
    steps: list[list[str | Path]] = [
        ["venv", "--python", project / ".venv" / "bin" / "python", folder],
        [*exported, "--format", "pylock.toml", "--output-file", folder / "pylock.toml"],
        ["pip", "install", "--offline", "--python", python, "--requirements", folder / "pylock.toml"],
        ["pip", "install", "--offline", "--python", python, "--no-deps", *wheels],
    ]
    for step in steps:
        done = run(uv, "--quiet", *step, folder=project)
        assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.fixture
def integrator(tmp_path: Path) -> Path:
    """The project of an integrator, which calls its modules as it likes."""
    for name in TAKEN:
        (tmp_path / f"{name}.py").write_text('WHOSE = "the integrator\'s"\n')
    (tmp_path / "test_partner.py").write_text(SUITE)
    return tmp_path


@pytest.fixture
def served(installed: Path, integrator: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the installed command's server, started from the integrator's folder."""
    monkeypatch.chdir(integrator)
    monkeypatch.setenv("PYTHONPATH", str(integrator))
    monkeypatch.setenv("PATH", f"{installed}{os.pathsep}{os.environ['PATH']}")
    server = Server()
    yield server.url()
    server.stop()


def test_the_application_is_in_a_folder_of_the_package(wheels: list[Path]) -> None:
    tops = {}
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        assert [name for name in names if name.endswith(".pyc")] == []
        assert [name for name in names if name.endswith("/py.typed")]
        tops[wheel.name.partition("-")[0]] = {name.partition("/")[0] for name in names}
    assert {
        name: {top for top in found if not top.endswith(".dist-info")} for name, found in tops.items()
    } == {
        "psn_partner_emulator": {"psn_partner_emulator"},
        "pytest_psn_partner_emulator": {"pytest_psn_partner_emulator"},
    }


def test_what_the_image_has_of_the_application_is_in_the_wheel(project: Path, wheels: list[Path]) -> None:
    copied = re.findall(r"^COPY (.*) application/\S*$", (project / "Dockerfile").read_text(), re.MULTILINE)
    sources = {source for line in copied for source in line.split()} - {"entrypoint.sh"}
    nested = "psn_partner_emulator/application/"
    names = [
        name.removeprefix(nested) for name in zipfile.ZipFile(wheels[0]).namelist() if name.startswith(nested)
    ]
    files = {
        path for source in sources for path in ([source] if (project / source).is_file() else [f"{source}/"])
    }
    assert {file for file in files if not any(name.startswith(file) for name in names)} == set()
    assert [name for name in names if not name.startswith(tuple(files))] == []


def test_the_wheel_needs_no_package_of_aws(wheels: list[Path]) -> None:
    [metadata] = [
        name for name in zipfile.ZipFile(wheels[0]).namelist() if name.endswith(".dist-info/METADATA")
    ]
    needed = re.findall(
        r"^Requires-Dist: (.*)$", zipfile.ZipFile(wheels[0]).read(metadata).decode(), re.MULTILINE
    )
    assert [line for line in needed if "extra ==" not in line and line.startswith("boto")] == []
    assert {"uvicorn", "pydantic"} <= {re.split(r"[<>=!; ]", line)[0] for line in needed}


def test_the_same_tree_gives_the_same_wheels(project: Path, wheels: list[Path], tmp_path: Path) -> None:
    assert run("make", "-s", "wheel", f"OUT={tmp_path}/it's again", folder=project).returncode == 0
    again = sorted((tmp_path / "it's again").iterdir())
    assert [wheel.read_bytes() for wheel in again] == [wheel.read_bytes() for wheel in wheels]


def test_a_hundred_tests_in_four_processes_share_an_emulator_and_nothing_else(
    installed: Path, integrator: Path
) -> None:
    result = run(
        *(installed / "python", "-m", "pytest", "-q", "-n4", "-p", "no:cacheprovider"),
        folder=integrator,
        PYTHONPATH=str(integrator),
    )
    assert "100 passed" in result.stdout, result.stdout + result.stderr
    met = [line.split() for line in (integrator / "met").read_text().splitlines()]
    assert len(met) == 100
    assert len({url for url, _ in met}) == 1
    assert {worker for _, worker in met} == {"gw0", "gw1", "gw2", "gw3"}


KILLED = """
import os, signal
from pytest_psn_partner_emulator.server import Server
server = Server()
server.url()
print(server._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_emulator_ends_with_a_run_that_is_killed(installed: Path, integrator: Path) -> None:
    killed = run(installed / "python", "-c", KILLED, folder=integrator)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with suppress(ProcessLookupError):
        server = os.pidfd_open(int(killed.stdout))
        try:
            assert select.select([server], [], [], 30)[0] == [server]
        finally:
            os.close(server)


def test_the_readme_s_tour_leads_through_the_installed_emulator(
    served: str, project: Path, tmp_path: Path
) -> None:
    tour = commands(project / "README.md", "A tour")
    assert len(tour) >= 4
    shown = pasted("\n".join(tour), served, tmp_path)
    assert [line for line in shown if re.fullmatch(r"5\d\d", line)] == ["503", "503"]
    assert shown[-1].endswith("/_emulator")
