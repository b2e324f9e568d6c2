"""What a stack's resources are called, and which AWS they are made in."""

import json
import runpy
import sys

import pulumi
import pytest
import yaml

import routes
from infrastructure.get_image_tag import ROOT
from infrastructure.program.provider import SERVICES
from infrastructure.stack.alarms import alarms, composite_alarms
from infrastructure.stack.loading import load_seed, load_settings
from infrastructure.stack.names import PROJECT
from infrastructure.stack.saved_queries import saved_queries
from tests.infrastructure.conftest import Declared, WriteStack
from tests.support.recorded import record
from tests.support.stacks import ALL_FUNCTIONS, ALL_ROUTES, KINDS


@pytest.mark.parametrize("stack", KINDS)
def test_no_two_stacks_share_a_name(declared: Declared, stack: str) -> None:
    named = ("name", "functionName", "imageName")
    for resource in declared(stack).resources:
        for key in named:
            name = str(resource.inputs.get(key, stack))
            assert stack in name or name in {"live", "function", "token", "$default"}, resource.urn


@pytest.mark.parametrize("stack", KINDS)
def test_every_aws_resource_is_made_by_the_one_provider_and_below_a_component(
    declared: Declared, stack: str
) -> None:
    recorded = declared(stack)
    provider = recorded.named("aws")
    for resource in recorded.resources:
        if resource.type.startswith("aws:"):
            assert resource.provider.startswith(provider.urn), resource.urn
            assert "psn-emulator:" in resource.parent.split("::")[2], resource.urn


@pytest.mark.usefixtures("few_routes")
def test_a_local_stack_reaches_no_aws_but_the_local_one(
    every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", "4999")
    provider = record("local").named("aws").inputs
    [endpoints] = json.loads(provider["endpoints"])
    assert set(endpoints.values()) == {"http://localhost:4999"}
    assert len(endpoints) == len(SERVICES)
    assert provider["skipCredentialsValidation"] == "true"
    assert not {"profile", "accessKey", "secretKey"} & provider.keys()


@pytest.mark.usefixtures("few_routes")
def test_an_aws_stack_goes_to_its_own_region_account_and_profile(
    every_stack: tuple[str, ...], write_stack: WriteStack
) -> None:
    config = {"aws:region": "eu-central-1", "aws:profile": "games", "account_id": "123456789012"}
    write_stack("dev", architecture="amd64", **config)
    provider = record("dev").named("aws").inputs
    assert (provider["region"], provider["profile"]) == ("eu-central-1", "games")
    assert json.loads(provider["allowedAccountIds"]) == ["123456789012"]
    assert "endpoints" not in provider
    assert "accessKey" not in provider


def test_outputs_are_what_other_commands_read(declared: Declared) -> None:
    outputs = declared("dev").outputs
    names = {
        "api_url",
        "dashboard_url",
        "docs_url",
        "image_tag",
        "image_uri",
        "ecr_url",
        "function_names",
        "table_name",
        "public_jwks",
        "release",
        "releases",
    }
    assert set(outputs) == names
    assert outputs["function_names"] == {name: f"psn-emulator-dev-{name}" for name in ALL_FUNCTIONS}


def test_resources_are_as_many_as_the_routes_explain(declared: Declared) -> None:
    recorded = declared("dev")
    custom = [item for item in recorded.resources if not item.type.startswith(("psn-emulator:", "pulumi:"))]
    a_function, others = 7, 14
    settings = load_settings("dev")
    watching = len([*alarms(settings), *composite_alarms(settings), *saved_queries(settings)])
    watching += len(("key", "topic", "dashboard"))
    keys = sum(len(route.keys) for route in routes.ROUTES) + 1
    permissions = len(ALL_ROUTES) + len(("root", "openid-configuration", "oauth-authorization-server"))
    assert len(custom) == a_function * len(ALL_FUNCTIONS) + keys + permissions + others + watching


def test_components_are_named_by_their_concern(declared: Declared) -> None:
    names = {item.name for item in declared("dev").resources if item.type.startswith("psn-emulator:")}
    assert names == {"images", "storage", "gateway", "monitoring", *ALL_FUNCTIONS}


def test_a_preview_before_the_first_deploy_declares_all_of_it(declared: Declared) -> None:
    assert len(record("dev", preview=True).resources) == len(declared("dev").resources)


def test_the_pulumi_command_runs_the_same_program(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[object, ...]] = []
    ready: list[str] = []
    monkeypatch.setattr("pulumi.get_stack", lambda: "dev")
    monkeypatch.setattr(
        "infrastructure.commands.readiness.prepare_build", lambda settings: ready.append(settings.stack)
    )
    monkeypatch.setattr(
        "infrastructure.program.stack.declare_stack",
        lambda settings, seed, *, provide_image: ran.append((settings.stack, seed, provide_image())),
    )
    monkeypatch.setattr("sys.path", [str(ROOT / "infrastructure")])
    runpy.run_path(str(ROOT / "infrastructure"), run_name="__main__")
    assert ran == [("dev", load_seed(load_settings("dev")), None)]
    assert ready == ["dev"]
    assert sys.path[0] == str(ROOT)


def test_a_refusal_ends_a_run_by_the_pulumi_command_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi.get_stack", lambda: "nowhere")
    monkeypatch.setattr("sys.path", [str(ROOT / "infrastructure")])
    with pytest.raises(pulumi.RunError, match=r"^There is no stack 'nowhere'\. The stacks are .*$"):
        runpy.run_path(str(ROOT / "infrastructure"), run_name="__main__")


def test_the_projects_file_names_the_project_and_its_interpreter() -> None:
    project = yaml.safe_load((ROOT / "infrastructure" / "Pulumi.yaml").read_text())
    assert project["name"] == PROJECT
    assert project["runtime"] == {"name": "python", "options": {"virtualenv": "../.venv"}}
