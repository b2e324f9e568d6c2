"""One server for all test processes, whatever else connects to who tells its URL."""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from psn_partner_emulator.testing import sharing
from psn_partner_emulator.testing.server import Server, ServerError

URL = "http://127.0.0.1:8080"


class Started(Server):
    """A server that runs, or does not."""

    failure = ""

    def url(self) -> str:
        """Its URL."""
        if self.failure:
            raise ServerError(self.failure)
        return URL


@pytest.fixture
def server() -> Started:
    """A server."""
    return Started()


@pytest.fixture
def place(server: Started) -> Iterator[dict[str, Any]]:
    """Where test processes ask for its URL."""
    with closing(sharing.Host(server)) as host:
        yield host.place


def connected(place: dict[str, Any]) -> socket.socket:
    """A connection of nobody's."""
    return socket.create_connection((place["host"], place["port"]), timeout=5)


@pytest.mark.timeout(20)
def test_what_connects_besides_harms_nobody(place: dict[str, Any]) -> None:
    with connected(place) as silent:
        assert sharing.url(place, 5) == URL
        silent.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert silent.recv(1) == b""
    with connected(place) as reset:
        reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert sharing.url(place, 5) == URL


@pytest.mark.timeout(20)
def test_a_connection_that_asks_nothing_ends(server: Started) -> None:
    with closing(sharing.Host(server, ask_seconds=0.05)) as host, connected(host.place) as silent:
        assert silent.recv(1) == b""


def test_only_who_is_of_the_run_is_answered_and_believed(place: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="does not tell the emulator's URL: what answers"):
        sharing.url({**place, "key": b"of another run"}, 5)


def test_why_there_is_no_server_is_told(server: Started, place: dict[str, Any]) -> None:
    server.failure = "There is no psn-partner-emulator here"
    with pytest.raises(ServerError, match="There is no psn-partner-emulator here"):
        sharing.url(place, 5)


@pytest.mark.timeout(20)
def test_who_asks_does_not_wait_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host, port = deaf.getsockname()
        place = {"host": host, "port": port, "key": b"key"}
        with pytest.raises(ServerError, match="does not tell the emulator's URL: nothing in "):
            sharing.url(place, 0.1)
    with pytest.raises(ServerError, match="refused"):
        sharing.url(place, 5)
