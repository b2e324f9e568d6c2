"""What a deploy changes, and what it does not, seen through the make targets. The tests run in this order."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.support.checkout import Checkout

HANDLER = "handlers/health.py"
SERVICE_NAME = '"PSN Partner Emulator"'
FUNCTION = "aws:lambda/function:Function"
BROKEN_IN_LAMBDA = """
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    raise RuntimeError("spilt coffee")
"""
"""A module's end that its import on the developer's machine, for the API's description, does not see."""
FOLLOWS = {"aws:lambda/invocation:Invocation", "aws:lambda/alias:Alias", "docker:index/image:Image"}


def function_containers(tag: str) -> set[str]:
    """The images of the running containers of a release."""
    listed = subprocess.run(
        ["docker", "ps", "--format", "{{.Image}}"], capture_output=True, text=True, check=True
    ).stdout.split()
    return {image for image in listed if tag in image}


@contextmanager
def image_events(repository: str) -> Iterator[list[str]]:
    """Gathers what the Docker engine did with a repository's images while the block ran: it tags what it builds,
    and tells what it pushes."""
    events: list[str] = []
    start = time.time()
    yield events
    command = [
        "docker",
        "events",
        "--filter",
        "type=image",
        "--since",
        str(start),
        "--until",
        str(time.time()),
    ]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    events += [line for line in lines if repository in line]


def test_every_function_runs_from_the_one_image_of_the_tag(
    deployed: Checkout, outputs: dict[str, Any]
) -> None:
    httpx.get(f"{outputs['api_url']}/")
    assert function_containers(outputs["image_tag"]) == {outputs["image_uri"]}


def test_the_tag_ends_in_the_hash_of_the_tree(deployed: Checkout, outputs: dict[str, Any]) -> None:
    assert outputs["image_tag"].rsplit("-", 1)[1] == deployed.content_hash()


def test_an_unchanged_tree_changes_nothing(deployed: Checkout, outputs: dict[str, Any]) -> None:
    (deployed.folder / "docs" / "new-page.md").write_text("new")
    (deployed.folder / "tests" / "new_test.py").write_text("new = 1\n")
    preview = deployed.command("preview", "--detailed", "--json")
    assert preview.returncode == 0, preview.stderr
    assert json.loads(preview.stdout)["changes"] == []
    deployed.done("deploy")  # the one before may have been refused
    before = deployed.updates()
    with image_events(outputs["ecr_url"]) as events:
        result = deployed.make("deploy")
    assert result.returncode == 0, result.stderr
    assert "no changes" in result.stderr
    assert events == []
    assert deployed.json("outputs") == outputs
    assert deployed.updates() == before, "the engine was asked"


def test_what_an_unchanged_tree_is_deployed_with_is_for_the_engine_to_look_at(deployed: Checkout) -> None:
    before, state = deployed.updates(), deployed.state_file()
    state.write_text(json.dumps(json.loads(state.read_bytes())))
    deployed.done("deploy")
    assert deployed.updates() == before + 1
    deployed.done("deploy", PULUMI_PARALLEL="8")
    assert deployed.updates() == before + 2
    deployed.done("deploy")
    assert deployed.updates() == before + 3


def test_a_broken_handler_never_takes_traffic(deployed: Checkout, outputs: dict[str, Any]) -> None:
    original = (deployed.folder / "handlers/players.py").read_text()
    (deployed.folder / "handlers/players.py").write_text(original + BROKEN_IN_LAMBDA)
    answers: set[tuple[int, str]] = set()
    stop = threading.Event()

    def call() -> None:
        with httpx.Client(base_url=outputs["api_url"], timeout=30) as client:
            while not stop.is_set():
                answer = client.get("/healthz")
                answers.add((answer.status_code, answer.json().get("image_tag", answer.text)))

    caller = threading.Thread(target=call)
    caller.start()
    try:
        result = deployed.make("deploy")
    finally:
        stop.set()
        caller.join()
        (deployed.folder / "handlers/players.py").write_text(original)
    assert result.returncode != 0
    error = next(line for line in result.stderr.splitlines() if line.startswith("error:"))
    assert "players-" in error
    assert "spilt coffee" in error
    assert answers == {(200, outputs["image_tag"])}
    assert deployed.json("outputs") == outputs


def test_the_repaired_tree_deploys_again_under_its_own_tag(
    deployed: Checkout, outputs: dict[str, Any]
) -> None:
    deployed.done("deploy")
    assert deployed.outputs()["image_tag"] == outputs["image_tag"]
    assert deployed.json("preview")["changes"] == []


def test_one_changed_character_shows_the_functions_image_and_what_follows(deployed: Checkout) -> None:
    deployed.replace(HANDLER, SERVICE_NAME, '"PSN Partner Emulator!"')
    preview = deployed.command("preview", "--detailed", "--json")
    assert preview.returncode == 2
    assert "error:" not in preview.stderr
    changes = json.loads(preview.stdout)["changes"]
    functions = [change for change in changes if change["type"] == FUNCTION]
    assert {change["type"] for change in changes} - {FUNCTION} <= FOLLOWS
    assert len(functions) == len(deployed.outputs()["function_names"])
    assert {item["path"] for change in functions for item in change["properties"]} == {
        "description",
        "imageUri",
    }


def test_a_deploy_serves_the_new_code_and_keeps_the_data_and_shows_a_terminal_live_how_far_it_is(
    deployed: Checkout, user: httpx.Client, outputs: dict[str, Any]
) -> None:
    made = user.post("/players", json={"username": "Keeper", "email": "keeper@example.com"}).json()["data"]
    watched = deployed.watch("deploy")
    assert watched.code == 0, watched.last
    assert user.get("/").json()["data"]["name"] == "PSN Partner Emulator!"
    assert user.get(f"/players/{made['player_id']}").json()["data"] == made
    assert deployed.outputs()["image_tag"] != outputs["image_tag"]
    counts = {count for screen in watched.screens for count in re.findall(r"(\d+) of \d+ resources", screen)}
    assert len(counts) > 5
    assert "Traceback" not in watched.last
    bars = [line.split(maxsplit=4)[1::3] for line in watched.last.splitlines() if line.startswith("✓")]
    assert [title for title, _ in bars] == ["update", "build", "push", "smoke"]
    details = dict(bars)
    assert re.fullmatch(r"(\d+) of \1 resources", details["update"])
    assert re.fullmatch(r"\d+ steps", details["build"])
    assert re.fullmatch(r"\d+ layers.*", details["push"])
    functions = len(outputs["function_names"])
    assert details["smoke"] == f"{functions} of {functions} functions answered"
    times = re.search(r"\((set-up.*)inall\)", "".join(watched.last.split()))
    assert times, watched.last
    phases = re.findall(r"([a-z-]+)[\d.]+s[,;]", times[1])
    assert phases == ["set-up", "update", "build", "push", "smoke", "answer"]


def test_infrastructure_only_leaves_the_image(deployed: Checkout) -> None:
    before = deployed.outputs()
    deployed.replace(HANDLER, '"PSN Partner Emulator!"', '"PSN Partner Emulator?"')
    with image_events(before["ecr_url"]) as events:
        deployed.done("deploy-infra")
    assert events == []
    assert deployed.outputs() == before


def test_image_only_brings_the_image(deployed: Checkout, user: httpx.Client) -> None:
    deployed.done("update-image")
    assert user.get("/").json()["data"]["name"] == "PSN Partner Emulator?"


def test_a_rollback_returns_to_the_release_before_and_a_deploy_of_an_earlier_tree_leads_forward_again(
    deployed: Checkout, api: httpx.Client
) -> None:
    """Neither builds anything."""
    live = deployed.outputs()
    with image_events(live["ecr_url"]) as events:
        deployed.done("rollback")
        assert api.get("/").json()["data"]["name"] == "PSN Partner Emulator!"
        assert api.get("/healthz").json()["image_tag"] == deployed.outputs()["image_tag"]
        assert deployed.outputs()["image_tag"] != live["image_tag"]
        (deployed.folder / HANDLER).chmod(0o755)
        deployed.done("deploy")
    assert events == []
    assert api.get("/").json()["data"]["name"] == "PSN Partner Emulator?"
    assert api.get("/healthz").json()["image_tag"] == deployed.outputs()["image_tag"] == live["image_tag"]


def test_the_history_names_the_tag_of_each_update(deployed: Checkout, outputs: dict[str, Any]) -> None:
    updates = deployed.json("history")
    assert updates[-1]["tag"] == outputs["image_tag"]
    assert {update["result"] for update in updates} == {"succeeded", "failed"}
    assert outputs["image_tag"] in deployed.pulumi("stack", "history")


def test_logs_show_what_a_function_wrote(deployed: Checkout, api: httpx.Client) -> None:
    api.get("/no/such/path", headers={"X-Correlation-Id": "looked-for"})
    assert "looked-for" in deployed.done("logs", FN="fallback")


def test_the_data_outlives_a_stop_of_the_local_aws(deployed: Checkout, user: httpx.Client) -> None:
    made = user.post("/players", json={"username": "Sleeper", "email": "sleeper@example.com"}).json()["data"]
    deployed.done("down")
    deployed.done("deploy")
    assert user.get(f"/players/{made['player_id']}").json()["data"] == made


def test_an_unchanged_deploy_tells_a_terminal_so_and_shows_no_bar(deployed: Checkout) -> None:
    watched = deployed.watch("deploy")
    assert watched.code == 0, watched.last
    assert not any(line.startswith("✓") for line in watched.last.splitlines())
    assert "local-releases: no changes" in watched.last


def test_a_killed_local_aws_comes_back_as_the_last_deploy_left_it(
    deployed: Checkout, user: httpx.Client
) -> None:
    names = {player["username"] for player in user.get("/players", params={"limit": 100}).json()["data"]}
    os.kill(int((deployed.folder / ".local" / "aws" / "pid").read_text().split()[0]), signal.SIGKILL)
    assert "was killed" in deployed.make("deploy").stderr
    kept = {player["username"] for player in user.get("/players", params={"limit": 100}).json()["data"]}
    assert {"Keeper", "Sleeper"} <= names == kept
