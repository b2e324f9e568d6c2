"""At which addresses and by which names the local AWS serves APIs, and that it serves nothing else there."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.local import aws, aws_instance, aws_port, base_image, doors
from infrastructure.stack.loading import load_settings
from infrastructure.tools import engine, paths, private
from tests.infrastructure.conftest import WriteStack
from tests.infrastructure.local.server import Server, loaded, signed
from tests.support.checkout import free_port
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine

TOLD = {"ports": {"8080": "psn-local"}, "hosts": ["emulator", "partner.example"]}
API = "/_aws/execute-api/psn-local/$default"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with loaded(tmp_path_factory.mktemp("server"), PSN_EMULATOR_DOORS=json.dumps(TOLD)) as started:
        yield started


@pytest.fixture
def server(running: Server) -> Server:
    """The application, told of a port of an API's own and of two hosts; ministack has been asked nothing yet."""
    running.reached.clear()
    return running


def at_own_port(server: Server, method: str, path: str, host: str = "emulator:8080", **headers: str) -> int:
    """The status of a request that arrives at the port of the API's own."""
    sent = {**headers, "Host": host}
    return server.ask(method, path, sent, server=("192.168.1.10", 8080)).status


@pytest.mark.parametrize("host", ["emulator:8080", "192.168.1.10:8080", "localhost:8080", "partner.example"])
@pytest.mark.parametrize("path", ["/healthz", "/", "/.well-known/openid-configuration/s/blue", "/v2/apis"])
def test_every_path_at_its_own_port_is_the_apis(server: Server, path: str, host: str) -> None:
    assert at_own_port(server, "GET", path, host) == 204
    [scope] = server.reached
    assert scope["path"] == API + path
    assert scope["raw_path"] == (API + path).encode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("GET", "/v2/_catalog"),
        ("POST", "/_psn-emulator/snapshot"),
        ("GET", "/_psn-emulator/instance"),
        ("GET", "/_aws/execute-api/psn-other/$default/healthz"),
        ("GET", "/../../psn-other/healthz"),
    ],
)
def test_nothing_else_is_served_there_signed_or_not(server: Server, method: str, path: str) -> None:
    for headers in ({}, signed(method, path), signed(method, path, service="psn-emulator")):
        at_own_port(server, method, path, **headers)
    assert {scope["path"] for scope in server.reached} == {API + path}


def test_connections_are_not_posted_to_from_there(server: Server) -> None:
    path = "/@connections/abc"
    for headers in ({}, signed("POST", path, service="execute-api")):
        assert at_own_port(server, "POST", path, **headers) == 403
    assert server.reached == []


def test_a_page_that_has_pointed_a_name_of_its_own_here_reaches_nothing(server: Server) -> None:
    assert at_own_port(server, "GET", "/healthz", "attacker.example:8080") == 403
    assert server.reached == []


@pytest.mark.parametrize("host", ["emulator:4566", "partner.example", "EMULATOR"])
def test_the_api_alone_is_asked_by_the_names_of_hosts(server: Server, host: str) -> None:
    assert server.ask("GET", f"{API}/healthz", {"Host": host}).status == 204
    assert server.ask("POST", "/", {**signed(), "Host": host}, b"{}").status == 403
    assert server.ask("GET", "/_psn-emulator/instance", {"Host": host}).status == 403
    assert len(server.reached) == 1


@pytest.mark.usefixtures("machine")
class TestNotes:
    def test_a_stack_is_noted_as_its_settings_say_until_it_is_gone(self, write_stack: WriteStack) -> None:
        assert json.loads(doors.variable()) == {"ports": {}, "hosts": []}
        write_stack(
            "local",
            listen="0.0.0.0:8080",
            public_url="http://partner.example/emulator",
            issuer_hosts=["emulator:8080", "[::1]:8080"],
        )
        doors.note(load_settings("local"))
        assert json.loads(doors.variable()) == {
            "ports": {"8080": "psn-local"},
            "hosts": ["::1", "emulator", "partner.example"],
        }
        assert doors.listening() == (("0.0.0.0", 8080),)  # noqa: S104 - it is what was asked for
        doors.forget("local")
        assert doors.noted() == {}

    def test_a_stack_that_says_nothing_leaves_no_note(self) -> None:
        doors.note(load_settings("local"))
        assert doors.noted() == {}
        assert not (paths.home() / "aws" / "doors.json").exists()

    def test_another_setting_is_another_local_aws(self, write_stack: WriteStack) -> None:
        write_stack("local", listen="127.0.0.1:8080")
        before = aws_instance._configuration()
        doors.note(load_settings("local"))
        assert aws_instance._configuration() != before

    @pytest.mark.parametrize("taken", ["stack 'local-2'", "the local AWS itself"])
    def test_a_port_that_is_another_ones_is_refused(
        self, write_stack: WriteStack, monkeypatch: pytest.MonkeyPatch, taken: str
    ) -> None:
        monkeypatch.setenv("LOCAL_AWS_PORT", "4999" if taken.startswith("the") else "4566")
        write_stack("local", listen="0.0.0.0:4999")
        if taken.startswith("stack"):
            doors.note(load_settings("local-2"))
        with pytest.raises(DeployError, match=f"0.0.0.0:4999, and port 4999 is that of {taken}"):
            doors.note(load_settings("local"))

    def test_a_deploy_notes_it_before_the_local_aws_is_started(
        self, write_stack: WriteStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started_with: list[str] = []
        monkeypatch.setattr(engine, "resolve", lambda: None)
        monkeypatch.setattr(base_image, "recorded", lambda: True)
        monkeypatch.setattr(aws_port, "settle", lambda: None)
        monkeypatch.setattr(aws, "ensure", lambda: started_with.append(doors.variable()))
        write_stack("local", listen="127.0.0.1:8080", issuer_hosts=["emulator:8080"])
        readiness.prepare_deploy(load_settings("local"))
        assert [json.loads(told) for told in started_with] == [
            {"ports": {"8080": "psn-local"}, "hosts": ["emulator"]}
        ]

    def test_a_damaged_note_counts_for_none(self) -> None:
        for text in ("", "[]", '{"local": {"api": 1}}', '{"local": 1}'):
            (paths.home() / "aws").mkdir(parents=True, exist_ok=True)
            (paths.home() / "aws" / "doors.json").write_text(text)
            assert doors.noted() == {}


@pytest.fixture
def checkout(machine: Machine, docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A checkout with a port of its own, whose local AWS is stopped at the end."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    with private.files():
        yield
        aws.stop()


def status(url: str) -> int:
    """The status of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - a local AWS's
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.usefixtures("checkout")
def test_the_local_aws_listens_there_for_real_and_moves(write_stack: WriteStack) -> None:
    first, second = free_port(), free_port()
    write_stack("local", listen=f"127.0.0.1:{first}")
    doors.note(load_settings("local"))
    aws.ensure()
    # There is no such API yet, says its gateway; nobody asks for a signature.
    assert status(f"http://127.0.0.1:{first}/_psn-emulator/instance") == 404
    assert status(f"http://127.0.0.1:{paths.aws_port()}/_psn-emulator/instance") == 200
    write_stack("local", listen=f"127.0.0.1:{second}")
    doors.note(load_settings("local"))
    with (
        socket.create_server(("127.0.0.1", second)),
        pytest.raises(DeployError, match=f"cannot listen at 127.0.0.1:{second}: "),
    ):
        aws.ensure()
    assert aws.status().running
    aws.ensure()
    assert status(f"http://127.0.0.1:{second}/") == 404
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", first)) != 0
