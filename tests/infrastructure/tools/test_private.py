"""The local state is its owner's alone."""

import os
from pathlib import Path

import pytest

from infrastructure import cli
from infrastructure.commands import command_line
from infrastructure.tools import paths, private
from tests.support.machine import Machine


def mode(path: Path) -> int:
    """The permissions of a file."""
    return path.stat().st_mode & 0o777


@pytest.fixture
def left_open(machine: Machine) -> Path:
    """The state as an earlier version left it: for all to read."""
    before = os.umask(0o022)
    (machine.state / "pulumi" / "stacks").mkdir(parents=True)
    for name in ("passphrase", "pulumi/stacks/local.json"):
        (machine.state / name).write_text("secret")
    (machine.state / "pulumi" / "link").symlink_to(machine.home)
    os.umask(before)
    return machine.state


def test_what_an_earlier_version_left_open_is_closed(left_open: Path, machine: Machine) -> None:
    machine.home.chmod(0o755)
    (left_open / "pulumi" / "stacks" / "tool").touch(0o755)
    with private.files():
        pass
    assert mode(left_open) == mode(left_open / "pulumi") == mode(left_open / "pulumi" / "stacks") == 0o700
    assert mode(left_open / "passphrase") == mode(left_open / "pulumi/stacks/local.json") == 0o600
    assert mode(left_open / "pulumi" / "stacks" / "tool") == 0o700
    assert mode(machine.home) == 0o755


def test_files_of_others_in_the_same_folder_stay_as_they_are(left_open: Path) -> None:
    theirs = left_open / "notes"
    theirs.touch(0o644)
    theirs.chmod(0o644)
    private.close()
    assert (mode(theirs), mode(left_open)) == (0o644, 0o755)
    assert mode(left_open / "passphrase") == 0o600


def test_the_default_folder_is_ours_whatever_is_in_it(
    left_open: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", left_open.parent)
    monkeypatch.delenv("LOCAL_HOME")
    left_open.rename(left_open.with_name(".local"))
    (paths.home() / "notes").touch()
    private.close()
    assert (mode(paths.home()), mode(paths.home() / "notes")) == (0o700, 0o600)


def test_a_command_writes_for_its_owner_only(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0o022)

    def write(_: object) -> int:
        (paths.home() / "pulumi").mkdir(parents=True)
        (paths.home() / "passphrase").write_text("secret")
        with private.public_files():
            (machine.home / "for-an-image").write_text("")
        return 0

    options = type("Options", (), {"command": staticmethod(write)})
    monkeypatch.setattr(command_line, "parse", lambda _: options)
    assert cli.main(["outputs"]) == 0
    assert mode(paths.home()) == mode(paths.home() / "pulumi") == 0o700
    assert mode(paths.home() / "passphrase") == 0o600
    assert mode(machine.home / "for-an-image") == 0o644
    assert os.umask(before) == 0o022
