"""A release goes from one stack to another, seen through the make targets. The tests run in this order."""

import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.deployed import deployment
from tests.support.checkout import Checkout, checkout_in

SOURCE, TARGET = "local-from", "local-to"
SETTINGS = "infrastructure/Pulumi.local.yaml"
FIRST_LINE = "config:\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose first stack is deployed; what there is of both is destroyed at the end."""
    made = checkout_in(tmp_path_factory.mktemp("promotion"), SOURCE)
    made.keep_routes("root", "healthz", "jwks", "stack-keys", "players-list")
    with deployment(made):
        yield made
        made.done("destroy", STACK=TARGET)


def promote(checkout: Checkout, **settings: str) -> subprocess.CompletedProcess[str]:
    """Promotes what the first stack runs to the second."""
    return checkout.make("promote", FROM=SOURCE, TO=TARGET, **settings)


def outputs(checkout: Checkout, stack: str) -> dict[str, Any]:
    """The outputs of a stack."""
    values: dict[str, Any] = checkout.json("outputs", STACK=stack)
    return values


def live(checkout: Checkout, stack: str) -> str:
    """The tag that a stack's functions answer with."""
    tag: str = httpx.get(f"{outputs(checkout, stack)['api_url']}/healthz", timeout=30).json()["image_tag"]
    return tag


def digest(checkout: Checkout, stack: str, tag: str) -> str:
    """The digest of an image in a stack's repository, as its registry tells it."""
    host, _, repository = outputs(checkout, stack)["ecr_url"].partition("/")
    manifest = "application/vnd.docker.distribution.manifest.v2+json"
    own = checkout.credential().registry_token
    headers = {"Accept": manifest, "Authorization": f"Basic {own}"}
    answer = httpx.head(f"http://{host}/v2/{repository}/manifests/{tag}", headers=headers)
    assert answer.status_code == 200, answer
    found: str = answer.headers["docker-content-digest"]
    return found


def set_setting(checkout: Checkout, line: str) -> None:
    """Adds a setting to the file of the local stacks."""
    checkout.replace(SETTINGS, FIRST_LINE, f"{FIRST_LINE}  {line}\n")


def test_a_dry_run_shows_all_that_a_first_promotion_makes_and_makes_nothing(checkout: Checkout) -> None:
    result = promote(checkout, DRY_RUN="1")
    assert result.returncode == 0, result.stderr
    assert f"{TARGET}: " in result.stdout
    assert checkout.make("outputs", STACK=TARGET).returncode != 0
    names = {
        item["repositoryName"] for item in checkout.client("ecr").describe_repositories()["repositories"]
    }
    assert names == {f"psn-emulator-{SOURCE}"}


@pytest.mark.parametrize("moment", ["Copying the image", "created aws:lambda:Function"])
def test_a_promotion_is_cut_off(checkout: Checkout, moment: str) -> None:
    checkout.cut_off("promote", at=moment, FROM=SOURCE, TO=TARGET)


def test_the_state_has_no_side_files_that_a_kill_could_leave_half_written(checkout: Checkout) -> None:
    assert not list((checkout.folder / ".local" / "pulumi").rglob("*.attrs"))


def test_run_again_it_puts_the_very_image_into_service(checkout: Checkout) -> None:
    result = promote(checkout)
    assert result.returncode == 0, result.stderr
    tag = outputs(checkout, SOURCE)["image_tag"]
    assert outputs(checkout, TARGET)["image_tag"] == live(checkout, TARGET) == tag
    assert digest(checkout, TARGET, tag) == digest(checkout, SOURCE, tag)
    assert checkout.json("history", STACK=TARGET)[0]["message"].startswith(f"{tag} promote from {SOURCE}")


def test_what_runs_already_is_asked_and_stays(checkout: Checkout) -> None:
    before = outputs(checkout, TARGET)
    result = promote(checkout)
    assert result.returncode == 0, result.stderr
    assert "no changes" in result.stderr
    assert outputs(checkout, TARGET) == before


def test_a_deploy_of_the_same_tree_leaves_the_promoted_release(checkout: Checkout) -> None:
    before = outputs(checkout, TARGET)
    assert checkout.json("preview", STACK=TARGET)["changes"] == []
    result = checkout.make("deploy", STACK=TARGET)
    assert result.returncode == 0, result.stderr
    assert "no changes" in result.stderr
    assert outputs(checkout, TARGET) == before


def test_a_stack_that_does_not_answer_as_it_must_is_not_promoted_from(checkout: Checkout) -> None:
    checkout.done("deploy", FORCE="1")
    functions, name = checkout.client("lambda"), f"psn-emulator-{SOURCE}-healthz"
    version = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    before = live(checkout, TARGET)
    functions.delete_alias(FunctionName=name, Name="live")
    try:
        result = promote(checkout)
    finally:
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert result.returncode != 0
    error = next(line for line in result.stderr.splitlines() if line.startswith("error:"))
    assert SOURCE in error
    assert "/healthz" in error
    assert live(checkout, TARGET) == before


def test_a_newer_release_follows_and_a_rollback_returns_to_the_one_before(checkout: Checkout) -> None:
    first, second = outputs(checkout, TARGET)["image_tag"], outputs(checkout, SOURCE)["image_tag"]
    assert first != second
    assert promote(checkout).returncode == 0
    assert live(checkout, TARGET) == second
    checkout.done("rollback", STACK=TARGET)
    assert live(checkout, TARGET) == outputs(checkout, TARGET)["image_tag"] == first
    assert digest(checkout, TARGET, first) == digest(checkout, SOURCE, first)


def test_where_images_come_by_promotion_a_deploy_brings_the_infrastructure_only(checkout: Checkout) -> None:
    set_setting(checkout, "psn-emulator:image_by_promotion: true")
    set_setting(checkout, "psn-emulator:deletion_protection: true")
    checkout.replace("handlers/health.py", '"PSN Partner Emulator"', '"PSN Partner Emulator!"')
    before = live(checkout, TARGET)
    result = checkout.make("deploy", STACK=TARGET)
    assert result.returncode == 0, result.stderr
    assert "comes by promotion" in result.stderr
    assert live(checkout, TARGET) == before
    refused = checkout.make("update-image", STACK=TARGET)
    assert refused.returncode != 0
    assert "make promote" in refused.stderr


def test_where_images_come_by_promotion_there_is_no_first_deploy_without_one(checkout: Checkout) -> None:
    refused = checkout.make("deploy", STACK="local-third")
    assert refused.returncode != 0
    assert "make promote" in refused.stderr
    names = {
        item["repositoryName"] for item in checkout.client("ecr").describe_repositories()["repositories"]
    }
    assert "psn-emulator-local-third" not in names


def test_a_protected_stack_is_destroyed_only_when_its_protection_is_lifted(checkout: Checkout) -> None:
    refused = checkout.make("destroy", STACK=TARGET)
    assert refused.returncode != 0
    assert "protected from deletion" in refused.stderr
    assert live(checkout, TARGET)
    checkout.replace(SETTINGS, "deletion_protection: true", "deletion_protection: false")
    checkout.done("deploy-infra", STACK=TARGET)
    planned = checkout.json("destroy", STACK=TARGET, DRY_RUN="1")["changes"]
    assert {change["operation"] for change in planned} == {"delete"}
    assert {"aws:dynamodb/table:Table", "aws:lambda/function:Function"} <= {item["type"] for item in planned}
    assert live(checkout, TARGET), "nothing was deleted"
