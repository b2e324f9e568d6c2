"""What becomes of a command that finds the engine's files damaged or gone: the engine itself, on a local stack."""

import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from infrastructure import cli
from infrastructure.automation import plugins, updates, workspace
from infrastructure.commands import stack_info
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from infrastructure.tools import engine
from tests.support.damage import DAMAGES

STATE = "pulumi/.pulumi/stacks/psn-emulator/local.json"
META = "pulumi/.pulumi/meta.yaml"
SALT = "workspace/Pulumi.local.yaml"


@pytest.fixture(scope="module")
def deployed(found_engine: engine.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The local state after two updates, as a folder to copy."""
    folder = tmp_path_factory.mktemp("deployed")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LOCAL_HOME", str(folder))
        patched.setattr(engine, "resolve", lambda: found_engine)
        patched.setattr(plugins, "decide", lambda _: plugins.Decision(official=True))
        for value in ("1", "2"):
            update(value)
        yield folder


@pytest.fixture
def home(
    deployed: Path, found_engine: engine.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The local state of a checkout that was deployed."""
    folder = tmp_path / "home"
    shutil.copytree(deployed, folder)
    monkeypatch.setenv("LOCAL_HOME", str(folder))
    monkeypatch.setattr(engine, "resolve", lambda: found_engine)
    monkeypatch.setattr(plugins, "decide", lambda _: plugins.Decision(official=True))
    return folder


def update(value: str) -> None:
    def declare() -> None:
        pulumi.export("value", pulumi.Output.secret(value))

    with workspace.open_stack(load_settings("local"), may_create=True) as stack:
        updates.up(stack, declare, "m", "The deploy of local failed")


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *((STATE, damage) for damage in DAMAGES),
        *(("passphrase", damage) for damage in ("cut off", "emptied", "deleted")),
        *((META, damage) for damage in ("cut off", "emptied")),
        (SALT, "cut off"),
    ],
)
def test_a_damaged_file_is_named_overwritten_by_nothing_and_comes_back_as_printed(
    home: Path, name: str, damage: str
) -> None:
    DAMAGES[damage](home / name)
    before = contents(home)
    settings = load_settings("local")
    errors = []
    for ask in (
        lambda: workspace.read_state(settings),
        lambda: update("3"),
        lambda: workspace.engine_variables(settings) and workspace.was_deployed(settings),
    ):
        with pytest.raises(DeployError, match=re.escape(str(home / name))) as caught:
            ask()
        errors.append(caught.value)
    assert contents(home) == before
    command = re.search(r"(?:cp|echo|rm) .*?(?= && make|, then|\.? ?If|$)", errors[0].remedy)
    assert command is not None, errors[0].remedy
    if (home / name).is_dir():
        (home / name).rmdir()
    subprocess.run(["sh", "-c", command[0]], check=True)
    update("3")
    assert workspace.read_state(settings).outputs.keys() == {"value"}


def test_a_state_without_a_backup_comes_back_from_the_one_after_the_last_update(home: Path) -> None:
    for file in (home / STATE, home / f"{STATE}.bak"):
        file.write_text("")
    with pytest.raises(DeployError) as caught:
        workspace.read_state(load_settings("local"))
    assert f"cp {home}/pulumi/.pulumi/backups/psn-emulator/local/local." in caught.value.remedy
    shutil.rmtree(home / "pulumi/.pulumi/backups")
    with pytest.raises(DeployError) as caught:
        workspace.read_state(load_settings("local"))
    assert "make clean" in caught.value.remedy


@pytest.mark.parametrize("name", [SALT, META])
def test_what_the_engine_makes_again_by_itself_may_be_gone(home: Path, name: str) -> None:
    (home / name).unlink()
    update("3")
    assert workspace.read_state(load_settings("local")).outputs.keys() == {"value"}


def test_a_lost_passphrase_without_a_backup_leaves_the_only_way_on(home: Path) -> None:
    for file in ("passphrase", "passphrase.bak"):
        (home / file).unlink()
    with pytest.raises(DeployError, match="passphrase that opens the state of local is lost") as caught:
        update("3")
    assert "make clean" in caught.value.remedy
    assert not (home / "passphrase").exists()


def test_a_passphrase_of_before_there_were_backups_gets_one_that_only_its_owner_reads(home: Path) -> None:
    backup = home / "passphrase.bak"
    backup.unlink()
    update("3")
    assert backup.read_text() == (home / "passphrase").read_text()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_an_update_of_which_the_history_is_damaged_is_named_and_the_others_told_without_it(
    home: Path,
) -> None:
    file = min((home / "pulumi/.pulumi/history/psn-emulator/local").glob("*.history.json"))
    file.write_text("")
    with pytest.raises(DeployError, match=re.escape(str(file))) as caught:
        stack_info.history(load_settings("local"))
    command = re.search("mv .*", caught.value.remedy)
    assert command is not None
    subprocess.run(["sh", "-c", command[0]], check=True)
    assert [update.kind for update in stack_info.history(load_settings("local"))] == ["update"]


def test_a_damaged_state_is_one_line_of_cause_and_one_of_remedy_for_every_command(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / STATE).write_text("{")
    for command in ("outputs", "history", "rollback", "preview"):
        assert cli.main([command]) == 1
        said = capsys.readouterr().err.splitlines()
        assert said[-2] == f"error: The state of stack 'local' is cut off or damaged: {home / STATE}"
        assert f"cp {home / STATE}.bak {home / STATE}" in said[-1]
