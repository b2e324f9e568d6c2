"""What a reviewer sees of a changed tree, through make; nothing of it is deployed. The tests run in this order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.support.checkout import Checkout

ROW = '"handlers.health:healthz",\n        table=("GetItem",)'
POLICY = "aws:iam/rolePolicy:RolePolicy"
FUNCTION = "aws:lambda/function:Function"


@pytest.fixture(scope="module")
def changed(deployed: Checkout) -> Iterator[Checkout]:
    """The deployed checkout with a changed handler, a new file and a permission more, from the first test
    that asks for it until the last of this file."""
    kept = {path: (deployed.folder / path).read_text() for path in ("handlers/health.py", "routes.py")}
    new = deployed.folder / "services" / "added.py"
    with (deployed.folder / "handlers/health.py").open("a") as handler:
        handler.write("# changed\n")
    deployed.replace("routes.py", ROW, ROW.replace('"GetItem",', '"GetItem", "Query"'))
    new.write_text('"""Added."""\n')
    yield deployed
    new.unlink()
    for path, text in kept.items():
        (deployed.folder / path).write_text(text)


@pytest.fixture(scope="module")
def review(changed: Checkout) -> dict[str, Any]:
    """The preview of the changed tree as JSON."""
    values: dict[str, Any] = changed.json("preview")
    return values


def test_a_preview_before_the_first_deploy_needs_no_docker_writes_nothing_shows_no_secret(
    fresh: Checkout,
) -> None:
    values = fresh.done("preview", JSON="1", DOCKER_HOST="unix:///nonexistent/docker.sock")
    changes = json.loads(values)["changes"]
    assert {change["operation"] for change in changes} == {"create"}
    assert sum(change["type"] == FUNCTION for change in changes) == 5
    assert not (fresh.folder / ".local").exists()
    (seed,) = (change for change in changes if change["name"] == "seed")
    (shown,) = (item for item in seed["properties"] if item["path"] == "secretString")
    assert shown["after"] == "[secret]"
    assert "argon2" not in values
    assert '\\"d\\"' not in values


def test_nothing_changed_is_one_line_and_a_terminal_keeps_no_bar_of_it(deployed: Checkout) -> None:
    assert deployed.done("preview") == "local-releases: no changes\n"
    watched = deployed.watch("preview")
    assert watched.code == 0
    assert watched.showed("preview", " resources")
    assert watched.last == "local-releases: no changes"


def test_a_dry_run_of_a_destroy_says_what_would_be_lost(
    deployed: Checkout, api: httpx.Client, outputs: dict[str, Any]
) -> None:
    values = deployed.json("destroy", DRY_RUN="1")
    lost = {change["name"] for change in values["changes"] if change["consequence"]}
    assert {"table", "api", "repository", "signing-keys-secret"} <= lost
    assert deployed.json("outputs") == outputs
    assert api.get("/healthz").json()["image_tag"] == outputs["image_tag"]


@contextmanager
def other_keys(deployed: Checkout) -> Iterator[None]:
    """A tree whose table has another sort key, while the block runs."""
    deployed.replace("infrastructure/program/storage.py", 'range_key="sk"', 'range_key="sort"')
    deployed.replace("infrastructure/program/storage.py", '("pk", "sk", *', '("pk", "sort", *')
    try:
        yield
    finally:
        deployed.replace("infrastructure/program/storage.py", 'range_key="sort"', 'range_key="sk"')
        deployed.replace("infrastructure/program/storage.py", '("pk", "sort", *', '("pk", "sk", *')


def test_a_deploy_that_would_replace_the_table_stops_and_leaves_it(
    deployed: Checkout, api: httpx.Client, outputs: dict[str, Any]
) -> None:
    dynamodb, table = deployed.client("dynamodb"), outputs["table_name"]
    before = dynamodb.describe_table(TableName=table)["Table"]
    with other_keys(deployed):
        refused = deployed.make("deploy")
    assert refused.returncode != 0
    assert "would replace the table, and everything in it would be lost" in refused.stderr
    assert "make export-data STACK=local-releases FILE=data.jsonl" in refused.stderr
    after = dynamodb.describe_table(TableName=table)["Table"]
    assert (after["TableId"], after["KeySchema"]) == (before["TableId"], before["KeySchema"])
    assert api.get("/healthz").json()["image_tag"] == outputs["image_tag"]


def test_a_lost_table_is_warned_of_with_what_forces_it(deployed: Checkout) -> None:
    with other_keys(deployed):
        lines = deployed.done("preview").splitlines()
    warned = lines[lines.index("take care") :]
    assert warned[1] == "  ± aws:dynamodb:Table  table"
    assert warned[2].startswith("      everything in it is lost: ")
    assert warned[2].endswith("because of rangeKey: sk → sort")
    assert warned[3] == "  a deploy stops before that, unless it is given REPLACE=table"
    assert lines[-1].startswith("local-releases: ")


def test_a_reviewer_reads_the_files_the_permission_and_one_change_of_all_functions(
    changed: Checkout, outputs: dict[str, Any]
) -> None:
    lines = changed.done("preview").splitlines()
    count = len(outputs["function_names"])
    assert lines[0].startswith(f"release  {outputs['image_tag']} (")
    assert lines[1:4] == ["  ~ handlers/health.py", "  ~ routes.py", "  + services/added.py"]
    assert lines[lines.index("permissions") + 1] == "  + healthz: dynamodb:Query"
    assert any(line.startswith("  + aws:iam:RolePolicy  healthz-policy-") for line in lines)
    assert sum(line.startswith(f"  ~ aws:lambda:Function  {count}: ") for line in lines) == 1
    assert sum("imageUri: " in line for line in lines) == 1
    assert sum("description: " in line for line in lines) == 1
    assert "take care" not in lines
    assert lines[-1] == f"local-releases: 2 to create, {2 * count + 1} to update, {count} to replace"


def test_the_json_holds_every_change_and_both_releases(
    review: dict[str, Any], outputs: dict[str, Any]
) -> None:
    assert review["release"]["before"]["tag"] == outputs["image_tag"]
    assert review["release"]["after"]["tag"] > outputs["image_tag"]
    assert review["release"]["sources"] == {
        "added": ["services/added.py"],
        "changed": ["handlers/health.py", "routes.py"],
        "removed": [],
    }
    assert review["release"]["permissions"] == [
        {"operation": "create", "function": "healthz", "permission": "dynamodb:Query"},
        # The function has the keys' route too, whose faults query the table alone.
        {"operation": "delete", "function": "healthz", "permission": "dynamodb:Query (no index)"},
    ]
    (policy,) = (change for change in review["changes"] if change["type"] == POLICY)
    assert policy["operation"] == "create"
    functions = [change for change in review["changes"] if change["type"] == FUNCTION]
    assert len(functions) == len(outputs["function_names"])
    assert {change["group"] for change in functions} == {"functions"}


def test_a_dry_run_of_a_deploy_tells_the_same(changed: Checkout, review: dict[str, Any]) -> None:
    again = changed.json("deploy", DRY_RUN="1")
    assert again["summary"] == review["summary"]
    assert again["release"]["sources"] == review["release"]["sources"]


def test_a_comment_for_a_pull_request_is_markdown_alone_on_standard_output(changed: Checkout) -> None:
    lines = changed.done("preview", MARKDOWN="1").splitlines()
    assert lines[0] == "<!-- psn-emulator preview of local-releases -->"
    assert lines[1].startswith("### `local-releases`: ")
    assert "+ services/added.py" in lines
    assert lines.count("<details><summary>sources: 3 changed</summary>") == 1
    assert sum(line.startswith("```") for line in lines) % 2 == 0
