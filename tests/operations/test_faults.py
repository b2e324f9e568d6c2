"""What goes wrong around a deploy is told in a line, and what runs goes on running. The tests run in this order."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.kills import inventory
from tests.operations.door import Door
from tests.support.checkout import Checkout, checkout_in

NAME = "PSN Partner Emulator"
EXPIRED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in"
    " the request is expired</Message></Error></ErrorResponse>"
)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """The stack's own way to Docker."""
    with tempfile.TemporaryDirectory() as folder:
        door = Door(Path(folder, "docker.sock"))
        door.open()
        yield door
        door.shut()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, door: Door) -> Iterator[Checkout]:
    """A deployed checkout with a disk and a way to Docker of its own; destroyed and stopped at the end."""
    checkout = checkout_in(tmp_path_factory.mktemp("faults"), "local-faults")
    checkout.environment["DOCKER_HOST"] = door.host
    checkout.keep_routes("root", "healthz", "jwks", "stack-keys", "players-list")
    checkout.be_patient()
    home = Path(checkout.environment["LOCAL_HOME"])
    home.mkdir()
    as_root("mount", "-t", "tmpfs", "-o", f"size=1g,uid={os.getuid()}", "tmpfs", str(home))
    try:
        checkout.done("deploy")
        checkout.replace("handlers/health.py", f'"{NAME}"', f'"{NAME} 2"')
        yield checkout
        checkout.done("destroy")
    finally:
        checkout.make("down")
        checkout.make("clean")
        as_root("umount", str(home))


def as_root(*command: str) -> None:
    """Runs a command as root, which this user has to be, or may become without a password."""
    subprocess.run([*([] if os.getuid() == 0 else ["sudo", "-n"]), *command], check=True)


def live(checkout: Checkout) -> tuple[Any, str]:
    """The stack's outputs, and the name that ``GET /`` answers."""
    outputs = checkout.json("outputs")
    return outputs, httpx.get(f"{outputs['api_url']}/", timeout=60).json()["data"]["name"]


def refusal(checkout: Checkout, *arguments: str, **settings: str) -> str:
    """What a command that has to fail says: one line of cause, one of remedy."""
    result = checkout.make(*arguments, **settings)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make: ")]
    [place] = [number for number, line in enumerate(lines) if line.startswith("error:")]
    assert len(lines) <= place + 2, lines[place:]
    return "\n".join(lines[place:])


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Has the disk of ``folder`` full while the block runs."""
    with (folder / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(folder).free)
    yield
    (folder / "filler").unlink()


@contextmanager
def expired_credentials() -> Iterator[dict[str, str]]:
    """The variables of an AWS whose every answer is that the credentials have expired."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(403)
            self.send_header("Content-Length", str(len(EXPIRED)))
            self.end_headers()
            self.wfile.write(EXPIRED.encode())

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "ASIAEXPIRED",
            "AWS_SECRET_ACCESS_KEY": "expired",
            "AWS_SESSION_TOKEN": "expired",
        }
    finally:
        server.shutdown()


def test_a_stopped_docker_is_told_and_what_runs_goes_on(stack: Checkout, door: Door) -> None:
    before = live(stack)
    door.shut()
    said = refusal(stack, "deploy")
    door.open()
    assert "what ran before goes on serving" in said
    assert f"The Docker engine at {door.host} (DOCKER_HOST) does not answer" in said
    assert live(stack) == before


def test_a_dead_registry_is_told_and_what_runs_goes_on(stack: Checkout, door: Door) -> None:
    before = live(stack)
    door.lose_registry(f"localhost:{stack.environment['LOCAL_AWS_PORT']}")
    said = refusal(stack, "deploy")
    door.lose_registry(None)
    assert "what ran before goes on serving" in said
    assert "pushing localhost:" in said
    assert "connection refused" in said
    assert live(stack) == before


def test_a_full_disk_is_told_before_anything_changes(stack: Checkout) -> None:
    before = live(stack)
    with full(Path(stack.environment["LOCAL_HOME"])):
        said = refusal(stack, "deploy")
        assert "The disk is too full to deploy" in said
        assert live(stack) == before


def test_once_all_is_well_again_the_deploy_goes_through(stack: Checkout) -> None:
    stack.done("deploy")
    assert live(stack)[1] == f"{NAME} 2"
    assert stack.json("preview")["changes"] == []


def test_a_deploy_of_nothing_new_asks_docker_nothing(stack: Checkout, door: Door) -> None:
    local_aws = int((Path(stack.environment["LOCAL_HOME"]) / "aws" / "pid").read_text())
    with door.watched() as visitors:
        result = stack.make("deploy")
    assert result.returncode == 0, result.stderr
    assert "no changes" in result.stderr
    # The local AWS may have to start a container for a function that nobody called for long.
    assert visitors <= {local_aws}


def test_expired_credentials_are_told_before_anything_is_asked(stack: Checkout) -> None:
    with expired_credentials() as variables:
        said = refusal(stack, "deploy", STACK="dev", **variables)
    assert "ExpiredToken" in said
    assert "Log in" in said


def test_a_stopped_local_aws_is_told_where_it_is_needed_and_started_by_a_deploy(stack: Checkout) -> None:
    before = live(stack)
    stack.done("down")
    assert stack.json("preview")["changes"] == []
    assert "local AWS: not running" in refusal(stack, "preview", REFRESH="1")
    assert "make deploy" in refusal(stack, "logs", FN="root")
    stack.done("deploy")
    assert live(stack) == before


def test_of_two_deploys_at_once_one_waits(stack: Checkout) -> None:
    stack.replace("handlers/health.py", f'"{NAME} 2"', f'"{NAME} 3"')
    both = [stack.start("deploy") for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("waiting for it" in text for text in said) == 1
    assert sum("no changes" in text for text in said) == 1
    assert live(stack)[1] == f"{NAME} 3"
    assert stack.json("preview")["changes"] == []
    assert inventory.existing(stack) == inventory.known(stack)


def test_what_was_changed_by_hand_is_shown_and_repaired(stack: Checkout) -> None:
    before = live(stack)
    client, names = stack.client("lambda"), before[0]["function_names"]
    memory = client.get_function_configuration(FunctionName=names["root"])["MemorySize"]
    client.update_function_configuration(FunctionName=names["root"], MemorySize=1024)
    client.update_alias(FunctionName=names["jwks"], Name="live", FunctionVersion="1")
    changes = stack.json("preview", REFRESH="1")["changes"]
    changed = {(change["name"], item["path"]) for change in changes for item in change["properties"]}
    assert {("root-function", "memorySize"), ("jwks-live", "functionVersion")} <= changed
    stack.done("deploy")
    assert client.get_function_configuration(FunctionName=names["root"])["MemorySize"] == memory
    assert stack.json("preview", REFRESH="1")["changes"] == []
    assert live(stack) == before


def test_a_change_that_was_made_and_not_published_goes_live(stack: Checkout) -> None:
    client, name = stack.client("lambda"), live(stack)[0]["function_names"]["root"]
    settings = stack.folder / "infrastructure" / "Pulumi.local.yaml"
    before = settings.read_text()
    settings.write_text(f"{before}  psn-emulator:memory_mib: 640\n")
    client.update_function_configuration(FunctionName=name, MemorySize=640)
    stack.done("deploy")
    settings.write_text(before)
    assert client.get_function_configuration(FunctionName=name, Qualifier="live")["MemorySize"] == 640


def test_a_function_deleted_by_hand_is_made_again(stack: Checkout) -> None:
    outputs, name = live(stack)
    stack.client("lambda").delete_function(FunctionName=outputs["function_names"]["root"])
    stack.done("deploy")
    assert live(stack)[1] == name
    assert stack.json("preview", REFRESH="1")["changes"] == []
    # With the function went the versions that earlier releases ran, which these still name.
    assert inventory.existing(stack) <= inventory.known(stack)
