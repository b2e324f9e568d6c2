"""Going back: by command, by itself when a release fails the probe, and what stays to go back to. In this order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.deployed import deployment
from tests.e2e.releases.test_release import image_events
from tests.support.checkout import Checkout, checkout_in

HEALTH = "handlers/health.py"
NAME = '"PSN Partner Emulator"'
ANSWERS = "return Response(status, Health("
ANSWERS_WRONG = "return Response(500, Health("
ANSWERS_WRONG_AT_INFO = "return Response(500 if settings().log_level == 'INFO' else status, Health("
SETTINGS = "infrastructure/Pulumi.local.yaml"
FEW = ("root", "healthz", "jwks", "stack-keys", "players-list")
NEW_ROUTE = "openid-configuration"
NO_DOCKER = "unix:///nonexistent/docker.sock"


@dataclass(frozen=True)
class Stack:
    """A deployed stack and the two releases that it has had."""

    checkout: Checkout
    api_url: str
    old: str
    new: str

    @property
    def functions(self) -> dict[str, str]:
        """The names of the functions in AWS, by the names of their rows."""
        names: dict[str, str] = self.checkout.json("outputs")["function_names"]
        return names

    @property
    def versions(self) -> dict[str, str]:
        """The version that each function's alias points at, by the function's name in AWS."""
        client = self.checkout.client("lambda")
        return {
            name: client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
            for name in self.functions.values()
        }

    @property
    def routes(self) -> dict[str, str]:
        """The gateway's routes, and who may call each."""
        client = self.checkout.client("apigatewayv2")
        [api] = client.get_apis()["Items"]
        return {
            item["RouteKey"]: item["AuthorizationType"]
            for item in client.get_routes(ApiId=api["ApiId"], MaxResults="100")["Items"]
        }

    @property
    def answers(self) -> str:
        """The release that answers."""
        tag: str = httpx.get(f"{self.api_url}/healthz", timeout=30).json()["image_tag"]
        return tag

    @property
    def live(self) -> str:
        """The release that the outputs call live."""
        tag: str = self.checkout.json("outputs")["image_tag"]
        return tag

    def error(self, *arguments: str, **settings: str) -> str:
        """What a make target that has to fail says."""
        result = self.checkout.make(*arguments, **settings)
        assert result.returncode != 0, result.stdout
        assert "Traceback" not in result.stderr
        return result.stderr

    @contextmanager
    def watched(self) -> Iterator[set[tuple[int, str]]]:
        """Calls the health check all the while: the statuses and releases that answered."""
        seen: set[tuple[int, str]] = set()
        stop = threading.Event()

        def call() -> None:
            with httpx.Client(base_url=self.api_url, timeout=30) as client:
                while not stop.is_set():
                    answer = client.get("/healthz")
                    seen.add((answer.status_code, answer.json().get("image_tag", answer.text)))

        caller = threading.Thread(target=call)
        caller.start()
        try:
            yield seen
        finally:
            stop.set()
            caller.join()

    def kill_rollback(self) -> None:
        """Starts a rollback and kills all of its processes once the first alias has moved."""
        self.checkout.cut_off("rollback", at="updated aws:lambda:Alias")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose second release calls itself by another name."""
    checkout = checkout_in(tmp_path_factory.mktemp("rollback"), "local-back")
    checkout.keep_routes(*FEW)
    with deployment(checkout):
        first = checkout.json("outputs")
        checkout.replace(HEALTH, NAME, '"PSN Partner Emulator 2"')
        checkout.done("deploy")
        second = checkout.json("outputs")
        yield Stack(checkout, first["api_url"], first["image_tag"], second["image_tag"])


def test_a_dry_run_of_a_rollback_shows_the_versions_and_moves_nothing(stack: Stack) -> None:
    shown = stack.checkout.done("rollback", DRY_RUN="1")
    assert "version 2 → 1" in shown
    assert stack.answers == stack.new


def test_an_unknown_tag_is_an_error_that_names_the_known_ones(stack: Stack) -> None:
    said = stack.error("rollback", TAG="v9")
    assert stack.old in said
    assert f"{stack.new} (live)" in said


def test_a_rollback_brings_the_old_code_back_without_docker_and_without_a_gap(stack: Stack) -> None:
    with stack.watched() as seen:
        stack.checkout.done("rollback", DOCKER_HOST=NO_DOCKER)
    assert seen == {(200, stack.new), (200, stack.old)}
    assert httpx.get(f"{stack.api_url}/").json()["data"]["name"] == "PSN Partner Emulator"
    assert stack.answers == stack.live == stack.old
    assert set(stack.versions.values()) == {"1"}


def test_the_history_shows_the_rollback_as_what_is_live(stack: Stack) -> None:
    newest = stack.checkout.json("history")[0]
    assert (newest["kind"], newest["tag"], newest["live"]) == ("rollback", stack.old, True)
    assert newest["by"]
    assert f"{stack.old} rollback" in stack.checkout.pulumi("stack", "history")


def test_a_rollback_to_the_live_release_has_nothing_to_do(stack: Stack) -> None:
    before = stack.checkout.json("history")
    assert "nothing to do" in stack.checkout.done("rollback", TAG=stack.old)
    assert stack.checkout.json("history") == before


def test_before_the_first_release_there_is_nothing_to_go_back_to(stack: Stack) -> None:
    assert "keeps no release before" in stack.error("rollback")


def test_the_next_deploy_rolls_forward_and_builds_nothing(stack: Stack) -> None:
    with image_events(stack.checkout.json("outputs")["ecr_url"]) as events:
        stack.checkout.done("deploy")
    assert events == []
    assert stack.answers == stack.live == stack.new
    assert stack.checkout.json("preview")["changes"] == []


def test_the_next_rollback_finishes_one_that_was_killed(stack: Stack) -> None:
    stack.kill_rollback()
    stack.checkout.done("rollback")
    assert stack.answers == stack.live == stack.old
    assert set(stack.versions.values()) == {"1"}


def test_the_next_deploy_rolls_a_killed_rollback_forward(stack: Stack) -> None:
    stack.checkout.done("deploy")
    stack.kill_rollback()
    stack.checkout.done("deploy")
    assert stack.answers == stack.live == stack.new
    assert stack.checkout.json("preview")["changes"] == []


def test_when_one_alias_cannot_move_all_stay_where_they_were(stack: Stack) -> None:
    before = stack.versions
    jwks = stack.functions["jwks"]
    client = stack.checkout.client("lambda")
    client.delete_alias(FunctionName=jwks, Name="live")
    said = stack.error("rollback")
    assert "jwks-live" in said
    assert f"All aliases are back: {stack.new} runs." in said
    client.create_alias(FunctionName=jwks, Name="live", FunctionVersion=before[jwks])
    assert stack.versions == before
    assert stack.answers == stack.live == stack.new
    assert [update["kind"] for update in stack.checkout.json("history")[:2]] == ["put back", "rollback"]
    assert stack.checkout.json("preview")["changes"] == []


def test_a_release_that_fails_the_probe_gives_way_to_the_one_before_it(stack: Stack) -> None:
    routes = stack.routes
    stack.checkout.replace(HEALTH, ANSWERS, ANSWERS_WRONG)
    stack.checkout.replace("routes.py", f"in {FEW}", f"in {(*FEW, NEW_ROUTE)}")
    said = stack.error("deploy")
    stack.checkout.replace("routes.py", f"in {(*FEW, NEW_ROUTE)}", f"in {FEW}")
    stack.checkout.replace(HEALTH, ANSWERS_WRONG, ANSWERS)
    assert stack.routes == routes
    assert "failed  GET /healthz: 500" in said
    assert "ok      GET /_keys: 200" in said
    assert f"{stack.new} is live again, and answers." in said
    assert "make logs FN=healthz" in said
    assert stack.answers == stack.live == stack.new
    returned, failed = stack.checkout.json("history")[:2]
    assert (returned["kind"], returned["tag"], returned["live"]) == ("automatic return", stack.new, True)
    assert (failed["kind"], failed["live"]) == ("deploy", False)


def test_the_release_that_failed_is_not_one_to_go_back_to(stack: Stack) -> None:
    assert stack.checkout.json("history")[1]["tag"] not in stack.error("rollback", TAG="v9")
    stack.checkout.done("deploy")
    assert stack.answers == stack.live == stack.new
    assert stack.checkout.json("preview")["changes"] == []


def test_a_release_whose_deploy_was_cut_off_while_it_was_asked_gives_way_too(stack: Stack) -> None:
    stack.checkout.replace(HEALTH, ANSWERS, ANSWERS_WRONG)
    stack.checkout.cut_off("deploy", at="Asking again")
    wrong = stack.live
    assert wrong != stack.new
    said = stack.error("deploy")
    stack.checkout.replace(HEALTH, ANSWERS_WRONG, ANSWERS)
    assert f"{wrong} fails the probe: GET /healthz: 500" in said
    assert f"{stack.new} is live again, and answers." in said
    assert stack.answers == stack.live == stack.new
    assert wrong not in stack.error("rollback", TAG="v9")


def test_when_one_alias_of_a_new_release_cannot_move_all_stay_where_they_were(stack: Stack) -> None:
    stack.checkout.done("deploy")
    before, jwks = stack.versions, stack.functions["jwks"]
    client = stack.checkout.client("lambda")
    stack.checkout.replace(HEALTH, "Emulator 2", "Emulator 3")
    failed = stack.checkout.during(
        "deploy",
        at="updated aws:lambda:Function",
        do=lambda _: client.delete_alias(FunctionName=jwks, Name="live"),
    )
    stack.checkout.replace(HEALTH, "Emulator 3", "Emulator 2")
    assert failed.returncode != 0
    assert "jwks-live" in failed.stderr
    assert f"All aliases are back: {stack.new} runs." in failed.stderr
    client.create_alias(FunctionName=jwks, Name="live", FunctionVersion=before[jwks])
    assert stack.versions == before
    assert stack.answers == stack.live == stack.new


def test_settings_that_fail_the_probe_give_way_to_the_versions_that_the_release_had(stack: Stack) -> None:
    stack.checkout.replace(HEALTH, ANSWERS, ANSWERS_WRONG_AT_INFO)
    stack.checkout.done("deploy")
    live, before = stack.live, stack.versions
    stack.checkout.replace(SETTINGS, "log_level: DEBUG", "log_level: INFO")
    said = stack.error("deploy")
    stack.checkout.replace(SETTINGS, "log_level: INFO", "log_level: DEBUG")
    stack.checkout.replace(HEALTH, ANSWERS_WRONG_AT_INFO, ANSWERS)
    assert f"{live} fails the probe: GET /healthz: 500" in said
    assert f"{live} as it was is live again, and answers." in said
    assert stack.answers == stack.live == live
    assert stack.versions == before
    assert f"{live} (live)" in stack.error("rollback", TAG="v9")


def test_old_releases_go_and_those_that_are_kept_still_run(stack: Stack) -> None:
    settings = stack.checkout.folder / "infrastructure" / "Pulumi.local.yaml"
    settings.write_text(settings.read_text() + "  psn-emulator:keep_releases: 2\n")
    for _ in range(2):
        stack.checkout.done("deploy", FORCE="1")
    kept = {update["tag"] for update in stack.checkout.json("history")[:2]}
    images = stack.checkout.client("ecr").describe_images(repositoryName="psn-emulator-local-back")[
        "imageDetails"
    ]
    assert {tag for image in images for tag in image.get("imageTags", ())} == kept
    client = stack.checkout.client("lambda")
    for name in stack.functions.values():
        published = client.list_versions_by_function(FunctionName=name)["Versions"]
        assert len([item for item in published if item["Version"] != "$LATEST"]) == 2
    newest = stack.live
    stack.checkout.done("rollback")
    assert {stack.answers} == kept - {newest}
    assert stack.old in stack.error("rollback", TAG=stack.old)


def test_a_release_whose_version_is_gone_is_refused_before_anything_moves(stack: Stack) -> None:
    before = stack.versions
    newer = stack.checkout.json("history")[1]["tag"]
    name = stack.functions["jwks"]
    client = stack.checkout.client("lambda")
    published = client.list_versions_by_function(FunctionName=name)["Versions"]
    [other] = {item["Version"] for item in published} - {"$LATEST", before[name]}
    client.delete_function(FunctionName=name, Qualifier=other)
    assert f"these versions are gone: jwks {other}." in stack.error("rollback", TAG=newer)
    assert stack.versions == before


def test_a_first_release_that_fails_the_probe_says_that_there_is_none_to_return_to(tmp_path: Path) -> None:
    checkout = checkout_in(tmp_path, "local-first")
    checkout.keep_routes(*FEW)
    checkout.be_patient()
    try:
        checkout.replace(HEALTH, ANSWERS, ANSWERS_WRONG)
        result = checkout.make("deploy")
        assert result.returncode != 0
        assert "GET /healthz: 500" in result.stderr
        assert "there is no release to return to" in result.stderr
        checkout.replace(HEALTH, ANSWERS_WRONG, ANSWERS)
        checkout.done("deploy")
        assert checkout.json("preview")["changes"] == []
        checkout.done("destroy")
    finally:
        checkout.make("down")
