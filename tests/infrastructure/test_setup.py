"""``bin/setup`` in a made-up checkout on a made-up machine, as ``sh`` runs it there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from infrastructure.tools import paths
from tests.support.machine import Machine

UTILITIES = (
    "sh",
    "dirname",
    "cat",
    "cksum",
    "mkdir",
    "mktemp",
    "rm",
    "mv",
    "grep",
    "head",
    "id",
    "tail",
    "sleep",
    "env",
)
UV = """
root="$PWD"
case "$1 $2" in
  "python find") echo "$PYTHON_FOUND"; [ -n "$PYTHON_FOUND" ] ;;
  "python install") echo no network; exit 1 ;;
  "sync --quiet") mkdir -p .venv/bin; echo "home = $PWD" > .venv/pyvenv.cfg; ln -sf /bin/true .venv/bin/python ;;
esac
"""
PIP = """
case "$*" in
  *"--target"*) while [ "$1" != --target ]; do shift; done; mkdir -p "$2/bin"; cp "$UV_TO_INSTALL" "$2/bin/uv" ;;
  *"-m pip"*|*"-m venv"*) exit 1 ;;
esac
"""


class Checkout:
    """A checkout with nothing but what set-up reads."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.folder = folder
        self.machine = machine
        (folder / "bin").mkdir(parents=True)
        shutil.copy(paths.ROOT / "bin" / "setup", folder / "bin")
        for name in ("uv.lock", "pyproject.toml"):
            (folder / name).write_text(f"the {name}\n")
        for name in UTILITIES:
            (machine.tools / name).symlink_to(str(shutil.which(name, path="/usr/bin:/bin")))

    def hide(self, path: str) -> None:
        """Has set-up look elsewhere for what this real machine may have at ``path``."""
        script = self.folder / "bin" / "setup"
        script.write_text(script.read_text().replace(path, f"/not/there{path}"))

    def setup(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs set-up from another folder."""
        environment = {"PYTHON_FOUND": str(self.machine.tools / "python3.13"), **variables}
        return subprocess.run(
            [self.folder / "bin" / "setup"],
            cwd="/",
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def checkout(machine: Machine, tmp_path: Path) -> Checkout:
    return Checkout(machine, tmp_path / "a checkout")


@pytest.fixture
def python(machine: Machine) -> Path:
    """A Python 3.13 on PATH."""
    return machine.tool("python3.13")


@pytest.mark.usefixtures("python")
def test_it_installs_the_locked_packages_and_then_has_nothing_to_say(checkout: Checkout) -> None:
    checkout.machine.tool("uv", UV)
    first = checkout.setup()
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr.startswith("Installing the locked Python packages in .venv: ")
    [sync] = [call for call in checkout.machine.called("uv") if "sync" in call]
    assert sync == f"uv sync --quiet --frozen --python {checkout.machine.tools}/python3.13"
    calls = len(checkout.machine.calls)
    again = checkout.setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert len(checkout.machine.calls) == calls


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", ".venv/pyvenv.cfg"])
def test_a_change_of_what_the_packages_follow_from_installs_them_again(checkout: Checkout, name: str) -> None:
    checkout.machine.tool("uv", UV)
    checkout.setup()
    (checkout.folder / name).write_text("another\n")
    assert "Installing the locked Python packages" in checkout.setup().stderr
    assert checkout.setup().stderr == ""


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
@pytest.mark.parametrize("before", [True, False])
def test_a_file_that_the_packages_follow_from_and_is_missing_is_one_error(
    checkout: Checkout, name: str, before: bool
) -> None:
    checkout.machine.tool("uv", UV)
    if before:
        checkout.setup()
    (checkout.folder / name).unlink()
    result = checkout.setup()
    assert result.returncode == 1
    assert result.stderr == f"error: {name} is missing\n  Bring it back with git: git checkout -- {name}\n"


@pytest.mark.usefixtures("python")
def test_an_interpreter_that_is_gone_installs_them_again(checkout: Checkout) -> None:
    checkout.machine.tool("uv", UV)
    checkout.setup()
    (checkout.folder / ".venv/bin/python").unlink()
    assert "Installing the locked Python packages" in checkout.setup().stderr


@pytest.mark.usefixtures("python")
def test_a_uv_on_the_path_that_does_not_work_is_passed_over_for_one_that_does(checkout: Checkout) -> None:
    checkout.machine.tool("uv", "exit 127")
    checkout.machine.tool("uv", UV, folder=checkout.machine.home / ".local/bin")
    result = checkout.setup()
    assert result.returncode == 0
    assert "Installing uv" not in result.stderr


@pytest.mark.usefixtures("python")
def test_without_uv_pip_installs_it_in_the_users_cache(checkout: Checkout, machine: Machine) -> None:
    machine.tool("python3", PIP)
    result = checkout.setup(UV_TO_INSTALL=str(machine.tool("uv", UV, folder=machine.home / "index")))
    assert result.returncode == 0
    assert (
        "Installing uv with pip: it installs the locked Python packages, and there is none here"
        in result.stderr
    )
    assert (machine.cache / "uv" / "bin" / "uv").exists()
    assert not (machine.home / ".local").exists()
    assert [path.name for path in machine.cache.iterdir()] == ["uv"]


@pytest.mark.parametrize("broken", [True, False])
def test_without_uv_and_pip_the_cause_and_the_remedy_are_told(
    checkout: Checkout, machine: Machine, broken: bool
) -> None:
    checkout.hide("/usr/bin/python3")
    if broken:
        machine.tool("python3", "exit 1")
    result = checkout.setup()
    assert result.returncode == 1
    assert "there is no uv, and pip could not install it: there is no python3" in result.stderr
    assert "Install it (https://docs.astral.sh/uv/" in result.stderr


def test_a_pip_that_fails_is_quoted(checkout: Checkout, machine: Machine) -> None:
    checkout.hide("/usr/bin/python3")
    machine.tool(
        "python3", '[ "$1" = -c ] || { echo "ERROR: No matching distribution found for uv"; exit 1; }'
    )
    result = checkout.setup()
    assert result.returncode == 1
    assert "could not install it: ERROR: No matching distribution found for uv" in result.stderr


def test_a_python_of_pyenv_is_found_where_uv_finds_none(checkout: Checkout, machine: Machine) -> None:
    machine.tool("uv", UV)
    own = machine.tool("python", folder=machine.home / ".pyenv/versions/3.13.0/bin")
    assert checkout.setup(PYTHON_FOUND="", PYENV_ROOT="").returncode == 0
    assert any(call.endswith(f"--python {own}") for call in machine.called("uv"))


def test_without_a_python_the_cause_and_the_remedy_are_told(checkout: Checkout, machine: Machine) -> None:
    for folder in ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"):
        checkout.hide(f"{folder}/python")
    machine.tool("uv", UV)
    result = checkout.setup(PYTHON_FOUND="", PYENV_ROOT=str(machine.home))
    assert result.returncode == 1
    assert "uv could not download one: no network" in result.stderr
    assert "pyenv install 3.13" in result.stderr


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("error: no index", "cannot be installed: error: no index"),
        ("write: No space left on device", "disk is full"),
    ],
)
def test_packages_that_cannot_be_installed_are_told(checkout: Checkout, said: str, cause: str) -> None:
    checkout.machine.tool("uv", UV.replace("mkdir -p .venv/bin;", f'echo "{said}"; exit 1;'))
    result = checkout.setup()
    assert (result.returncode, result.stdout) == (1, "")
    assert cause in result.stderr
    assert checkout.setup().returncode == 1


@pytest.mark.usefixtures("python")
def test_a_pinned_python_version_in_the_folder_does_no_harm(checkout: Checkout) -> None:
    (checkout.folder / ".python-version").write_text("3.13\n")
    checkout.machine.tool("uv", f'[ -e .python-version ] && [ "$1" = --version ] && exit 127\n{UV}')
    checkout.machine.tool("uv", UV, folder=checkout.machine.cache / "uv" / "bin")
    assert checkout.setup().returncode == 0


@pytest.mark.usefixtures("python")
def test_a_moved_checkout_gets_packages_whose_commands_name_its_place(checkout: Checkout) -> None:
    checkout.machine.tool("uv", UV)
    assert checkout.setup().returncode == 0
    command = checkout.folder / ".venv" / "bin" / "pytest"
    command.write_text(f"#!{checkout.folder}/.venv/bin/python")
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved here"))
    moved = checkout.setup()
    assert (moved.returncode, "the checkout was moved" in moved.stderr) == (0, True)
    assert not (checkout.folder / ".venv" / "bin" / "pytest").exists()
    assert checkout.setup().stderr == ""


@pytest.mark.usefixtures("python")
def test_it_works_without_a_home_and_without_its_run_bit(checkout: Checkout) -> None:
    checkout.machine.tool("uv", UV)
    script = checkout.folder / "bin" / "setup"
    script.chmod(0o644)
    environment = {name: value for name, value in os.environ.items() if name != "HOME"}
    run = subprocess.run(
        ["sh", script],
        cwd="/",
        env=environment | {"PYTHON_FOUND": str(checkout.machine.tools / "python3.13")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (0, "")
    assert "HOME" not in run.stderr
