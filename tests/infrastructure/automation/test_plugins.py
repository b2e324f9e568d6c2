import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path

import pytest

from infrastructure.automation import plugins
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from infrastructure.tools import credentials, disk, engine
from tests.support.machine import Machine

OUT_OF_REACH = "https://get.pulumi.com cannot be reached (no network)"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_unreachable", lambda: OUT_OF_REACH)


@pytest.fixture
def network(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network over which an engine installs the plugins it is asked for."""
    monkeypatch.setattr(plugins, "_unreachable", lambda: None)
    path = machine.tool(
        "pulumi",
        f"""
        folder="{machine.home}/.pulumi/plugins/resource-$4-v$5"
        mkdir -p "$folder"
        touch "$folder/pulumi-resource-$4"
        chmod +x "$folder/pulumi-resource-$4"
    """,
    )
    monkeypatch.setattr(engine, "resolve", lambda: engine.Engine(path, "3.259.0"))


def install(folder: Path) -> None:
    """Puts official plugins of the right versions in the engine's folder."""
    for name, number in plugins.NEEDED.items():
        plugin = folder / "plugins" / f"resource-{name}-v{number}" / f"pulumi-resource-{name}"
        plugin.parent.mkdir(parents=True)
        plugin.touch(mode=0o755)


@pytest.mark.parametrize("stack", ["local", "local-two", "dev"])
def test_the_official_plugins_serve_every_stack_when_they_are_installed(machine: Machine, stack: str) -> None:
    install(machine.home / ".pulumi")
    assert plugins.decide(load_settings(stack)) == plugins.Decision(official=True)
    assert str(plugins.decide(load_settings(stack))).startswith("official: aws ")


def test_the_engines_folder_may_be_elsewhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(machine.home / "elsewhere"))
    install(machine.home / "elsewhere")
    assert plugins.missing() == []


def test_plugins_on_the_path_count(machine: Machine) -> None:
    machine.tool("pulumi-resource-aws")
    assert plugins.missing() == ["docker"]
    machine.tool("pulumi-resource-docker")
    assert plugins.missing() == []


def test_a_plugin_of_another_version_does_not_count(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(machine.home / ".pulumi")
    monkeypatch.setitem(plugins.NEEDED, "aws", "99.0.0")
    assert plugins.missing() == ["aws"]


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("stack", ["local", "dev"])
def test_official_plugins_that_can_be_downloaded_are(machine: Machine, stack: str) -> None:
    assert plugins.decide(load_settings(stack)).official
    assert plugins.missing() == []
    assert [call.split()[:5] for call in machine.called("pulumi")] == [
        ["pulumi", "plugin", "install", "resource", name] for name in plugins.NEEDED
    ]


def test_a_local_stack_gets_the_stand_in_where_they_cannot_be_downloaded(machine: Machine) -> None:
    assert plugins.decide(load_settings("local")) == plugins.Decision(official=False, reason=OUT_OF_REACH)
    assert str(plugins.decide(load_settings("local"))) == f"the stand-in ({OUT_OF_REACH})"


@pytest.mark.usefixtures("network")
def test_a_download_that_breaks_off_leads_to_the_stand_in(machine: Machine) -> None:
    machine.tool("pulumi", "echo error: failed all 5 attempts; exit 1")
    assert plugins.decide(load_settings("local")).reason == "error: failed all 5 attempts"


def test_a_failed_download_is_not_tried_again_the_same_day(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins.decide(load_settings("local"))
    tried: list[str] = []
    monkeypatch.setattr(plugins, "_unreachable", lambda: tried.append("again"))
    assert not plugins.decide(load_settings("local")).official
    assert tried == []


@pytest.mark.usefixtures("network")
def test_an_aws_stack_tries_again_whatever_failed_before(machine: Machine) -> None:
    disk.record_failure(plugins.FAILURE, "no network")
    assert plugins.decide(load_settings("dev")).official


def test_an_aws_stack_without_official_plugins_is_refused_with_what_to_do(machine: Machine) -> None:
    with pytest.raises(DeployError, match="'dev' needs the official Pulumi plugins") as caught:
        plugins.decide(load_settings("dev"))
    assert f"pulumi plugin install resource aws {plugins.NEEDED['aws']}" in caught.value.remedy


def test_official_plugins_need_the_local_stacks_credential_only(machine: Machine) -> None:
    install(machine.home / ".pulumi")
    own = credentials.local_aws()
    with plugins.serve(load_settings("dev")) as variables:
        assert variables == {}
    with plugins.serve(load_settings("local")) as variables:
        assert variables == own.environment()


def test_the_stand_in_serves_while_the_stack_is_open(machine: Machine) -> None:
    with plugins.serve(load_settings("local")) as variables:
        assert variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
        assert {pair.split(":")[0] for pair in variables["PULUMI_DEBUG_PROVIDERS"].split(",")} == {
            "aws",
            "docker",
        }


@pytest.mark.parametrize(
    ("raised", "answer"),
    [
        (urllib.error.URLError("no such host"), "https://get.pulumi.com cannot be reached (no such host)"),
        (TimeoutError("timed out"), "https://get.pulumi.com cannot be reached (timed out)"),
        (urllib.error.HTTPError("", 403, "no", Message(), None), None),
    ],
)
def test_a_source_that_answers_anything_is_within_reach(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, answer: str | None
) -> None:
    monkeypatch.undo()

    def refuse(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)
    assert plugins._unreachable() == answer
