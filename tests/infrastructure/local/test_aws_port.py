"""Which port the local AWS of a checkout gets, and that it keeps it."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infrastructure.commands import doctor, readiness
from infrastructure.errors import DeployError
from infrastructure.local import aws_instance, aws_port, base_image
from infrastructure.stack.loading import load_settings
from infrastructure.tools import engine, paths
from tests.support.checkout import free_port
from tests.support.machine import Machine


@pytest.fixture(autouse=True)
def default(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> int:
    """The default port, here one that is free."""
    monkeypatch.delenv("LOCAL_AWS_PORT", raising=False)
    monkeypatch.setattr(paths, "DEFAULT_PORT", free_port())
    monkeypatch.setattr(aws_instance, "_STRANGERS_SECONDS", 0.1)
    return paths.DEFAULT_PORT


@pytest.fixture
def taken(default: int) -> Iterator[int]:
    """The default port, which a program has that never answers."""
    with socket.create_server(("127.0.0.1", default)):
        yield default


def test_the_first_checkout_gets_the_default_port_and_keeps_it(
    default: int, capsys: pytest.CaptureFixture[str]
) -> None:
    aws_port.settle()
    assert paths.aws_port() == default
    assert paths.port_file().read_text() == f"{default}\n"
    assert capsys.readouterr().err == ""


def test_a_second_one_gets_the_next_free_port_and_keeps_it_when_the_first_is_free_again(
    default: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as servers:
        for port in (default, default + 1):
            servers.enter_context(socket.create_server(("127.0.0.1", port)))
        aws_port.settle()
    said = capsys.readouterr().err
    assert said == (
        f"Port {default} is taken by {Path('/proc/self/comm').read_text().strip()} "
        f"(process {os.getpid()}): this checkout's local AWS gets port {default + 2}, kept in {paths.port_file()}\n"
    )
    aws_port.settle()
    assert paths.aws_port() == default + 2
    assert paths.aws_endpoint() == f"http://localhost:{default + 2}"


def test_the_users_port_wins_and_is_refused_at_once_where_it_is_taken(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", str(taken))

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("nothing is set up for a port that is taken")

    for module, name in ((base_image, "recorded"), (base_image, "ensure"), (engine, "resolve")):
        monkeypatch.setattr(module, name, fail)
    with pytest.raises(DeployError, match=f"Port {taken} is taken by .*process {os.getpid()}") as caught:
        readiness.prepare_deploy(load_settings("local"))
    assert f"LOCAL_AWS_PORT={taken + 1}" in caught.value.remedy
    assert not paths.port_file().exists()
    other = free_port()
    monkeypatch.setenv("LOCAL_AWS_PORT", str(other))
    aws_port.settle()
    assert paths.aws_port() == other
    assert not paths.port_file().exists()


def test_a_checkout_that_has_had_a_local_aws_does_not_move_by_itself(taken: int) -> None:
    aws_instance.identity()
    aws_port.settle()  # the start finds out whose program that is
    assert paths.aws_port() == taken
    assert not paths.port_file().exists()


@pytest.mark.parametrize("text", ["", "x", "0", "70000"])
def test_a_file_that_holds_no_port_is_named(text: str) -> None:
    paths.port_file().parent.mkdir(parents=True, exist_ok=True)
    paths.port_file().write_text(text)
    with pytest.raises(DeployError, match="holds no port") as caught:
        paths.aws_port()
    assert str(paths.port_file()) in caught.value.cause
    assert paths.port_file().read_text() == text


def test_no_free_port_is_told(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr(aws_port, "_MOST", 1)
    with pytest.raises(DeployError, match=f"No port from {taken} to {taken} is free"):
        aws_port.settle()


def test_the_doctor_knows_that_a_deploy_takes_another(taken: int) -> None:
    check = doctor._local_aws()
    assert check.ok
    assert check.found.endswith("make deploy takes the next port that is free")
    paths.port_file().parent.mkdir(parents=True, exist_ok=True)
    paths.port_file().write_text(str(taken))
    assert not doctor._local_aws().ok
