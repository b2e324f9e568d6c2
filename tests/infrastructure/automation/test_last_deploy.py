"""Which things a deploy is made of, each of which has the next one ask the engine."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure import get_image_tag
from infrastructure.automation import backend, last_deploy, plugins
from infrastructure.stack.loading import load_seed, load_settings
from infrastructure.stack.settings import Settings
from infrastructure.tools import disk, engine, paths

LOCAL = load_settings("local")
SEED = load_seed(LOCAL)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of local state in which the stack has a state, of a tree of its own with an engine."""
    tree = tmp_path / "tree"
    shutil.copytree(
        paths.ROOT,
        tree,
        ignore=shutil.ignore_patterns(".*", "tests", "docs", "__pycache__", "bench", "engine_build"),
    )
    monkeypatch.setattr(paths, "ROOT", tree)
    last_deploy.running_program.cache_clear()
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path / "home"))
    content_hash = get_image_tag.content_hash
    monkeypatch.setattr(
        get_image_tag, "content_hash", lambda base, platform: content_hash(base, platform, tree)
    )
    monkeypatch.setattr(engine, "installed", lambda: engine.Engine(Path("/bin/pulumi"), "3.259.0"))
    file = backend.state_file("local")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": []}}}))
    (tmp_path / "home" / "passphrase").write_text("one")
    return tmp_path / "home"


def deployed() -> None:
    """Notes that a deploy has succeeded."""
    last_deploy.note(LOCAL, last_deploy.inputs(LOCAL, SEED))


def is_unchanged(settings: Settings = LOCAL) -> bool:
    """Whether the next deploy, in a process of its own, has nothing to change."""
    last_deploy.running_program.cache_clear()
    return last_deploy.is_unchanged(settings, last_deploy.inputs(settings, SEED))


def append(path: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Adds a line to a file of the tree."""

    def change(_: pytest.MonkeyPatch) -> None:
        with (paths.ROOT / path).open("a") as file:
            file.write("\n")

    return change


def create(path: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Adds an empty file to the tree."""
    return lambda _: (paths.ROOT / path).touch()


def state_is(text: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Has the state's file hold ``text``."""

    def change(_: pytest.MonkeyPatch) -> None:
        backend.state_file("local").write_text(text)

    return change


def lock(_: pytest.MonkeyPatch) -> None:
    """Leaves the engine's lock on the stack."""
    file = backend.folder() / ".pulumi/locks/organization/psn-emulator/local/one.json"
    file.parent.mkdir(parents=True)
    file.touch()


def break_note(_: pytest.MonkeyPatch) -> None:
    """Has the note hold something else."""
    (paths.home() / "deployed/local.json").write_text("[]")


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the program": append("infrastructure/program/gateway.py"),
    "a new file of the program": create("infrastructure/program/more.py"),
    "what a stack begins with": append("seeding/seeds.py"),
    "the stand-in plugin": append("infrastructure/local/plugin/provider.py"),
    "the route table": append("routes.py"),
    "a handler": append("handlers/health.py"),
    "the locked packages": append("uv.lock"),
    "the description's writer": append("openapi/document.py"),
    "a stack's file": append("infrastructure/Pulumi.local.yaml"),
    "a seed's file": append("infrastructure/seeds/local.yaml"),
    "where modules are looked for": lambda patch: patch.setenv("PYTHONPATH", "/somewhere"),
    "the port": lambda patch: patch.setenv("LOCAL_AWS_PORT", "4600"),
    "the engine's settings": lambda patch: patch.setenv("PULUMI_PARALLEL", "1"),
    "Docker's address": lambda patch: patch.setenv("DOCKER_HOST", "tcp://localhost:1"),
    "the engine": lambda patch: patch.setattr(
        engine, "installed", lambda: engine.Engine(Path("/bin/pulumi"), "3.260.0")
    ),
    "the plugins": lambda patch: patch.setattr(plugins, "missing", lambda: ["aws"]),
    "an installed package": lambda patch: patch.setattr(
        last_deploy, "_installed", lambda: iter(["pulumi-99.dist-info"])
    ),
    "the state, by hand": state_is(json.dumps({"checkpoint": {"latest": {"resources": [1]}}})),
    "a state that is cut off": state_is('{"checkpoint": {"lat'),
    "no state": lambda _: backend.state_file("local").unlink(),
    "an engine's lock": lock,
    "the port that was chosen": lambda _: disk.replace_file(paths.port_file(), "4601\n"),
    "the passphrase": lambda _: (paths.home() / "passphrase").unlink(),
    "no note": lambda _: shutil.rmtree(paths.home() / "deployed"),
    "a broken note": break_note,
}
"""What may change, by its name."""


@pytest.mark.parametrize("changed", CHANGES)
def test_whatever_changes_is_for_the_engine_to_look_at(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    assert not is_unchanged()
    deployed()
    assert is_unchanged()
    CHANGES[changed](monkeypatch)
    assert not is_unchanged()


def test_settings_and_seeds_count_as_they_are_read() -> None:
    deployed()
    changed = LOCAL.model_copy(update={"log_retention_days": LOCAL.log_retention_days + 1})
    assert not is_unchanged(changed)
    fewer = SEED.model_copy(update={"users": SEED.users[:-1]})
    assert not last_deploy.is_unchanged(LOCAL, last_deploy.inputs(LOCAL, fewer))


def test_what_is_saved_while_a_deploy_runs_is_for_the_next_one() -> None:
    last_deploy.running_program.cache_clear()
    last_deploy.running_program()
    with (paths.ROOT / "routes.py").open("a") as file:
        file.write("# saved meanwhile\n")
    deployed()
    assert not is_unchanged()


def test_a_folder_that_is_a_link_is_looked_into() -> None:
    review = paths.ROOT / "infrastructure/review"
    elsewhere = paths.ROOT.with_name("review")
    review.rename(elsewhere)
    review.symlink_to(elsewhere)
    assert not is_unchanged()
    deployed()
    with (elsewhere / "changes.py").open("a") as file:
        file.write("\n")
    assert not is_unchanged()


def test_compiled_files_and_other_variables_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed()
    compiled = paths.ROOT / "infrastructure/__pycache__/cli.cpython-313.pyc"
    compiled.parent.mkdir()
    compiled.touch()
    monkeypatch.setenv("EDITOR", "vi")
    assert is_unchanged()


def test_another_stack_was_not_deployed_with_this_one() -> None:
    deployed()
    assert not is_unchanged(load_settings("local-b"))


def test_of_an_aws_stack_nothing_is_noted(home: Path) -> None:
    dev = load_settings("dev")
    made_of = last_deploy.inputs(dev, SEED)
    last_deploy.note(dev, made_of)
    assert not (home / "deployed").exists()
    assert not last_deploy.is_unchanged(dev, made_of)
