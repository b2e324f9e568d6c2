"""The lock files by which one command at a time changes a stack."""

import fcntl
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from infrastructure import cli
from infrastructure.automation import exclusion
from infrastructure.errors import DeployError
from infrastructure.local import aws, state
from infrastructure.terminal import display


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the local state."""
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    return tmp_path


def test_who_holds_a_stack_knows_whether_the_one_before_was_killed(home: Path) -> None:
    with exclusion.exclusive("local") as was_cut_off:
        assert not was_cut_off
        held = (home / "locks" / "local.lock").read_text()
    with pytest.raises(DeployError), exclusion.exclusive("local") as was_cut_off:
        raise DeployError("it failed")
    with exclusion.exclusive("local") as was_cut_off:
        assert not was_cut_off
    (home / "locks" / "local.lock").write_text(held)
    with exclusion.exclusive("local") as was_cut_off:
        assert was_cut_off


def test_who_holds_a_stack_knows_whether_the_one_before_was_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), exclusion.exclusive("local"):
        raise KeyboardInterrupt
    with exclusion.exclusive("local") as was_cut_off:
        assert was_cut_off
    with exclusion.exclusive("local") as was_cut_off:
        assert not was_cut_off


def is_held(lock: Path) -> bool:
    """Whether a command holds that lock."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize(("command", "does"), [("down", "stop"), ("clean", "delete")])
def test_the_local_aws_is_stopped_and_its_state_deleted_while_no_command_changes_a_local_stack(
    home: Path, monkeypatch: pytest.MonkeyPatch, command: str, does: str
) -> None:
    for stack in ("local", "local-a", "dev"):
        with exclusion.exclusive(stack):
            pass
    cut_off = home / "locks" / "local.lock"
    cut_off.write_text("1")
    held: list[set[str]] = []

    def note() -> list[Path]:
        held.append({lock.stem for lock in cut_off.parent.iterdir() if is_held(lock)})
        return []

    monkeypatch.setattr(aws, "stop", list)
    monkeypatch.setattr(state, "delete", list)
    monkeypatch.setattr({"stop": aws, "delete": state}[does], does, note)
    assert cli.main([command, "--dry-run"]) == 0
    assert held == []
    assert cli.main([command]) == 0
    assert held == [{"local", "local-a"}]
    assert cut_off.read_text() == "1"


def test_who_waited_for_one_that_deleted_the_locks_holds_the_stack_against_the_next(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, lock = Event(), home / "locks" / "local.lock"
    monkeypatch.setattr(display, "say", lambda _: waiting.set())

    def wait() -> bool:
        with exclusion.exclusive("local"):
            return lock.exists() and is_held(lock)

    with ThreadPoolExecutor() as second:
        with exclusion.exclusive("local"):
            waited = second.submit(wait)
            assert waiting.wait(60)
            shutil.rmtree(lock.parent)
        assert waited.result()


def test_who_only_looks_leaves_what_a_killed_command_left(home: Path) -> None:
    lock = home / "locks" / "local.lock"
    with exclusion.held("local") as was_cut_off:
        assert not was_cut_off
        assert is_held(lock)
    lock.write_text("1")
    with exclusion.held("local") as was_cut_off:
        assert was_cut_off
    with exclusion.exclusive("local") as was_cut_off:
        assert was_cut_off
