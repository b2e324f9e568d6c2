"""The engine that set-up found, official or built here, and the commands that people give it by hand."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infrastructure.tools import engine

Pulumi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that has no program."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: by-hand\nruntime: python\n")
    return folder


@pytest.fixture
def pulumi(
    found_engine: engine.Engine, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pulumi:
    """Runs a command of the engine in the project, on a backend of the test's own."""
    (tmp_path / "states").mkdir()
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "states").as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")

    def run(*words: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        command = [str(found_engine.path), *words, "--non-interactive", "--color", "never"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stderr
        return done

    return run


def test_the_engine_says_the_version_that_the_sdk_asks_for(pulumi: Pulumi) -> None:
    for words in (["version"], ["--version"]):
        assert engine.suffices(pulumi(*words).stdout.strip())


def test_a_stack_is_made_told_of_moved_tagged_and_removed_by_hand(pulumi: Pulumi, tmp_path: Path) -> None:
    pulumi("login", (tmp_path / "states").as_uri())
    pulumi("stack", "init", "one")
    assert [stack["name"] for stack in json.loads(pulumi("stack", "ls", "--json").stdout)] == ["one"]
    exported = tmp_path / "one.json"
    pulumi("stack", "export", "--file", str(exported))
    assert json.loads(exported.read_text())["version"] == 3
    pulumi("stack", "import", "--file", str(exported))
    assert json.loads(pulumi("stack", "output", "--json").stdout) == {}
    assert json.loads(pulumi("stack", "history", "--json").stdout) == []
    pulumi("stack", "tag", "set", "owner", "me")
    assert json.loads(pulumi("stack", "tag", "ls", "--json").stdout)["owner"] == "me"
    pulumi("stack", "select", "one")
    pulumi("cancel", "--yes", "one")
    for words in (["preview"], ["up", "--yes"]):
        assert "language" in pulumi(*words, fails=True).stderr, (
            "the project's program is not the engine's to run"
        )
    pulumi("refresh", "--yes", "--skip-preview")
    pulumi("destroy", "--yes", "--skip-preview")
    pulumi("state", "unprotect", "--all", "--yes")
    pulumi("stack", "rm", "one", "--yes")
    assert json.loads(pulumi("stack", "ls", "--json").stdout) == []
    assert json.loads(pulumi("plugin", "ls", "--json").stdout) == []
    assert pulumi("whoami").stdout.strip()
    pulumi("logout")


def test_settings_and_secrets_are_written_and_read_by_hand(pulumi: Pulumi, project: Path) -> None:
    pulumi("stack", "init", "one")
    pulumi("config", "set", "plain", "shown")
    pulumi("config", "set", "hidden", "nobody-may-read-this", "--secret")
    assert "nobody-may-read-this" not in (project / "Pulumi.one.yaml").read_text()
    assert pulumi("config", "get", "hidden").stdout.strip() == "nobody-may-read-this"
    listed = json.loads(pulumi("config", "--json").stdout)
    assert listed["by-hand:plain"]["value"] == "shown"
    assert "value" not in listed["by-hand:hidden"]
    pulumi("config", "rm", "plain")
    pulumi("config", "get", "plain", fails=True)


@pytest.mark.parametrize("word", ["neo", "new", "convert", "policy"])
def test_a_command_is_there_or_the_engine_says_in_one_line_where_to_get_it(
    pulumi: Pulumi, found_engine: engine.Engine, word: str
) -> None:
    built = found_engine.path.is_relative_to(engine.built_root())
    told = pulumi(word, "--list-templates" if word == "new" else "--unknown", fails=True)
    assert built == (
        told.stderr.strip()
        == f"error: `pulumi {word}` is not in this engine, which was built here with what this project uses; "
        "the official one has it: https://www.pulumi.com/docs/install/"
    )


@pytest.mark.parametrize("url", ["gs://bucket", "azblob://container", "postgres://user@localhost/state"])
def test_a_backend_that_no_stack_here_has_is_refused_in_one_line(
    pulumi: Pulumi, found_engine: engine.Engine, url: str
) -> None:
    built = found_engine.path.is_relative_to(engine.built_root())
    told = pulumi("login", url, fails=True).stderr
    assert built == (f"{url.partition('//')[0]}// is not in this engine" in told)


def test_the_backend_and_the_secrets_of_aws_stacks_are_in_the_engine(
    pulumi: Pulumi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    key = "awskms://alias/none?region=eu-central-1"
    told = pulumi("stack", "init", "one", "--secrets-provider", key, fails=True).stderr
    assert "KMS" in told
    assert "127.0.0.1:9" in told
    told = pulumi("login", "s3://bucket?region=eu-central-1", fails=True).stderr
    assert "S3" in told
    assert "127.0.0.1:9" in told
