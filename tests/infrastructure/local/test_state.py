"""What deleting the local state takes, and what it leaves."""

from pathlib import Path

import pytest

from infrastructure import cli
from infrastructure.local import aws, aws_instance, state
from infrastructure.tools import paths
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine


def make(machine: Machine) -> None:
    """Has the folder hold all that commands make in it."""
    for folder in ("aws/state", "locks", "pulumi/.pulumi/stacks", "workspace"):
        (machine.state / folder).mkdir(parents=True)
    (machine.state / "passphrase").touch()
    aws_instance.identity()


def test_deleting_the_state_deletes_the_folder(machine: Machine) -> None:
    make(machine)
    state.delete()
    assert not machine.state.exists()


def test_what_is_not_of_the_state_stays_and_so_does_its_folder(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    make(machine)
    (machine.state / "precious").write_text("theirs")
    assert cli.main(["clean"]) == 0
    assert [path.name for path in machine.state.iterdir()] == ["precious"]
    assert cli.main(["clean"]) == 0
    assert (machine.state / "precious").read_text() == "theirs"
    assert "Deleted nothing." in capsys.readouterr().out


def test_deleting_the_state_removes_the_images_that_were_pushed_here_and_are_not_in_use(
    docker_engine: FakeDocker, machine: Machine
) -> None:
    here = f"localhost:{paths.aws_port()}/psn-emulator-local"
    others = ["localhost:1/psn-emulator-local:2", "psn-emulator:local", "localhost:1/other:3"]
    tags = [f"{here}:1", f"{here}:in-use", *others]
    images = [{"Id": "sha256:1", "RepoTags": tags}, {"Id": "sha256:2", "RepoTags": None}]
    docker_engine.answers["GET /images/json"] = (200, images)
    docker_engine.answers[f"DELETE /images/{here}:in-use"] = (409, {"message": "in use"})
    docker_engine.answers[f"DELETE /images/{here}:1"] = (200, [])
    aws_instance.identity()
    state.delete()
    asked = {request.line.split("?")[0] for request in docker_engine.asked("DELETE /images")}
    assert asked == {f"DELETE /images/{here}:1", f"DELETE /images/{here}:in-use"}
    assert not machine.state.exists()


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
@pytest.mark.parametrize("folder", [paths.ROOT, paths.ROOT.parent, Path.home()])
def test_a_folder_that_holds_more_than_the_state_is_refused_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, dry: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Path, "home", lambda: folder)
    monkeypatch.setenv("LOCAL_HOME", str(folder))
    done: list[object] = []
    monkeypatch.setattr(state, "delete", lambda: done.append("delete"))
    monkeypatch.setattr(aws, "stop", lambda: done.append("stop"))
    assert cli.main(["clean", *dry]) == 1
    assert f"LOCAL_HOME is {folder}, which holds" in capsys.readouterr().err
    assert done == []
