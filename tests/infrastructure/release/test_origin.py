"""Where a release comes from, and how it is labelled."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from infrastructure.get_image_tag import ROOT
from infrastructure.release import origin
from infrastructure.release.origin import Origin
from infrastructure.tools import engine
from tests.support.trees import LEAST, write

PROJECT = "name: psn-emulator\nruntime: python\n"
STACK = """config:
  aws:region: eu-west-1
  psn-emulator:tracing: true
  psn-emulator:log_retention_days: 14
  psn-emulator:cors_origins: ["http://localhost:3000"]
  psn-emulator:functions:
    players-get: {memory_mib: 512}
"""


def test_a_release_knows_its_version_and_commit() -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert origin.origin().commit == head.stdout.strip()
    assert f'version = "{origin.origin().version}"' in (ROOT / "pyproject.toml").read_text()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a stack, in no repository yet."""
    folder = tmp_path / "checkout"
    (folder / "infrastructure").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nversion = "9"\n')
    (folder / "infrastructure" / "Pulumi.yaml").write_text(PROJECT)
    (folder / "infrastructure" / "Pulumi.dev.yaml").write_text(STACK)
    monkeypatch.setattr(origin, "ROOT", folder)
    return folder


def commit(checkout: Path) -> None:
    """Makes the first commit."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=checkout, check=True)


def test_a_release_knows_whether_files_differed_from_its_commit(checkout: Path) -> None:
    assert origin.origin() == Origin("9", "", dirty=False)
    commit(checkout)
    clean = origin.origin()
    assert len(clean.commit) == 40
    assert not clean.dirty
    (checkout / "new.py").write_text("")
    assert origin.origin() == Origin("9", clean.commit, dirty=True)


def test_what_the_engine_writes_into_a_stacks_file_makes_no_release_dirty(
    checkout: Path, tmp_path: Path
) -> None:
    commit(checkout)
    (tmp_path / "backend").mkdir()
    backend = {
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    for stack in ("dev", "local"):
        subprocess.run(
            [engine.resolve().path, "stack", "init", stack],
            cwd=checkout / "infrastructure",
            env=os.environ | backend,
            check=True,
        )
    dev = checkout / "infrastructure" / "Pulumi.dev.yaml"
    assert "encryptionsalt" in dev.read_text()
    assert (checkout / "infrastructure" / "Pulumi.local.yaml").exists()
    assert not origin.origin().dirty


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("Pulumi.dev.yaml", STACK.replace("14", "15")),
        ("Pulumi.dev.yaml", STACK.replace("true", "false")),
        ("Pulumi.dev.yaml", STACK.replace("memory_mib: 512", "memory_mib: 256")),
        ("Pulumi.dev.yaml", "encryptionsalt: v1:salt\n"),
        ("Pulumi.dev.yaml", "config: ["),
        ("Pulumi.yaml", f"{PROJECT}description: another\n"),
        ("Pulumi.prod.yaml", STACK),
    ],
)
def test_a_changed_setting_makes_a_release_dirty(checkout: Path, file: str, text: str) -> None:
    commit(checkout)
    (checkout / "infrastructure" / file).write_text(text)
    assert origin.origin().dirty


def test_a_deleted_stack_makes_a_release_dirty(checkout: Path) -> None:
    commit(checkout)
    (checkout / "infrastructure" / "Pulumi.dev.yaml").unlink()
    assert origin.origin().dirty


def test_without_git_a_release_has_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert origin.origin().commit == ""


@pytest.mark.parametrize("mark", ["--skip-worktree", "--assume-unchanged"])
def test_a_file_that_git_is_told_not_to_look_at_is_looked_at(checkout: Path, mark: str) -> None:
    commit(checkout)
    subprocess.run(["git", "update-index", mark, "pyproject.toml"], cwd=checkout, check=True)
    assert not origin.origin().dirty
    (checkout / "pyproject.toml").write_text('[project]\nversion = "9"\n# changed\n')
    assert origin.origin().dirty


def test_a_new_file_counts_where_git_is_set_to_show_none(checkout: Path) -> None:
    commit(checkout)
    subprocess.run(["git", "config", "status.showUntrackedFiles", "no"], cwd=checkout, check=True)
    (checkout / "new.py").write_text("")
    assert origin.origin().dirty


def test_a_source_that_git_ignores_makes_a_release_dirty(checkout: Path) -> None:
    write(checkout, LEAST | {"pyproject.toml": b'[project]\nversion = "9"\n', ".gitignore": b"local.p*\n"})
    commit(checkout)
    (checkout / "services" / "local.pem").write_text("not of the image")
    assert not origin.origin().dirty
    (checkout / "services" / "local.py").write_text("")
    assert origin.origin().dirty


def test_another_repository_is_not_asked(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(checkout)
    mine, other = origin.origin(), tmp_path / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text("")
    commit(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert origin.origin() == mine


def test_a_tree_in_a_repository_that_does_not_have_it_has_no_commit(checkout: Path) -> None:
    around = checkout.parent
    (around / "README.md").write_text("")
    (around / ".gitignore").write_text("checkout\n")
    commit(around)
    assert origin.origin() == Origin("9", "", dirty=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_checkout_of_another_user_has_no_commit(checkout: Path) -> None:
    commit(checkout)
    for path in (checkout, checkout / ".git"):
        os.chown(path, 12345, 12345)
    assert origin.origin() == Origin("9", "", dirty=False)


@pytest.mark.parametrize(
    ("made", "label"),
    [
        (Origin("1.2.3", "0123456789abcdef0123456789abcdef01234567", dirty=False), "1.2.3+0123456789ab"),
        (Origin("1.2.3", "0123456789abcdef0123456789abcdef01234567", dirty=True), "1.2.3+0123456789ab.dirty"),
        (Origin("1.2.3-rc.1", "", dirty=False), "1.2.3-rc.1"),
    ],
)
def test_a_label_is_a_semantic_version_with_its_origin(made: Origin, label: str) -> None:
    assert made.label == label
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?", label)
