import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.tools import ports


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_is_free_until_someone_listens_there(taken: int) -> None:
    assert not ports.is_free(taken)


def test_a_port_nobody_listens_on_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert ports.is_free(port)


def test_an_address_that_is_not_this_machines_has_no_free_port(taken: int) -> None:
    assert not ports.is_free(taken + 1, ("192.0.2.1",))


@pytest.mark.parametrize("by_proc", [True, False])
def test_who_listens_on_a_port_is_named(
    taken: int, monkeypatch: pytest.MonkeyPatch, by_proc: bool, tmp_path: Path
) -> None:
    if not by_proc:
        lsof = tmp_path / "lsof"
        lsof.write_text(f"#!/bin/sh\necho p{os.getpid()}\necho cpython\necho f3\n")
        lsof.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(ports, "_owner_by_proc", lambda _: None)
    assert ports.owner(taken).endswith(f"(process {os.getpid()})")


def test_an_owner_that_cannot_be_told_is_another_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ports, "_owner_by_proc", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ports.owner(1) == "another program"
