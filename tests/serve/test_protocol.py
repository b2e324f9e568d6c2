"""What comes of a connection that asks for another protocol, is too large, does not go on, or is one too many."""

import asyncio
import resource
import socket
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
import uvicorn

from serve import protocol
from serve.gateway import HEAD_BYTES, Gateway
from serve.payload import Outgoing
from serve.protocol import Protocol, Server

HEAD = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n"
INNER = b"GET /inner HTTP/1.1\r\nHost: h\r\n\r\n"


class Echo:
    """An application that answers with a request's line and body; of ``/held`` when it is told to."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        if scope["path"] == "/held":
            await self.released.wait()
        told = f"{scope['method']} {scope['path']} ".encode() + body
        length = (b"content-length", str(len(told)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": told})


class Fixture:
    """A server in this process, and who asks it."""

    def __init__(self, application: Any, most: int) -> None:
        self.application = application
        configuration = uvicorn.Config(
            application, http=Protocol, lifespan="off", log_config=None, limit_concurrency=most
        )
        self.server = Server(configuration)

    async def connect(self, *parts: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection over which parts were sent, one after the other."""
        reader, writer = await asyncio.open_connection(*self.server.servers[0].sockets[0].getsockname())
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        return reader, writer

    async def ask(self, *parts: bytes, seconds: float = 5) -> bytes:
        """All that is answered until the server ends the connection, or nothing more comes."""
        reader, writer = await self.connect(*parts)
        told = b""
        try:
            async with asyncio.timeout(seconds):
                while chunk := await reader.read(65536):
                    told += chunk
        except TimeoutError:
            told += b"<open>"
        writer.close()
        return told


def run(
    act: Callable[[Fixture], Coroutine[Any, Any, None]], *, most: int = 100, application: Any = None
) -> None:
    """Does ``act`` while a server runs."""

    async def acted() -> None:
        fixture = Fixture(application or Echo(), most)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(fixture.server.serve(sockets=[listening]))
            while not fixture.server.started:
                await asyncio.sleep(0.01)
            try:
                await act(fixture)
            finally:
                fixture.server.should_exit = True
                await serving

    asyncio.run(acted())


@pytest.mark.parametrize("is_split", [True, False])
@pytest.mark.parametrize("protocol_name", [b"h2c", b"websocket"])
def test_a_request_that_would_upgrade_is_answered_with_its_body(
    protocol_name: bytes, *, is_split: bool
) -> None:
    async def act(fixture: Fixture) -> None:
        upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\nHTTP2-Settings: AAEA\r\n\r\n"
        head = HEAD % len(INNER) + upgrade % protocol_name
        last = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        told = await fixture.ask(*([head, INNER, last] if is_split else [head + INNER + last]))
        assert told.count(b"HTTP/1.1 200 OK") == 2
        assert b"POST /x " + INNER in told
        assert told.endswith(b"GET /last ")

    run(act)


def test_a_tunnel_is_refused() -> None:
    async def act(fixture: Fixture) -> None:
        told = await fixture.ask(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", INNER)
        assert told.startswith(b"HTTP/1.1 400 ")
        assert told.endswith(b'{"message":"Bad Request"}')

    run(act)


@pytest.mark.parametrize("line", [b"x: %b\r\n", b"%b: x\r\n"])
def test_a_head_without_end_is_431(line: bytes) -> None:
    async def act(fixture: Fixture) -> None:
        told = await fixture.ask(b"GET / HTTP/1.1\r\nHost: h\r\n" + line % (b"a" * 40_000))
        assert told.startswith(b"HTTP/1.1 431 ")
        assert told.endswith(b'{"message":"Request Header Fields Too Large"}')
        many = b"GET / HTTP/1.1\r\n" + b"".join(line % b"a" for _ in range(10_000))
        assert (await fixture.ask(many)).startswith(b"HTTP/1.1 431 ")

    run(act)


def test_many_requests_of_a_connection_are_no_large_head() -> None:
    async def act(fixture: Fixture) -> None:
        reader, writer = await fixture.connect()
        for _ in range(30):
            writer.write(b"GET /inner HTTP/1.1\r\nHost: h\r\nx: %b\r\n\r\n" % (b"a" * 1000))
            assert (await reader.readuntil(b"GET /inner ")).startswith(b"HTTP/1.1 200 ")
        writer.close()

    run(act)


@pytest.mark.parametrize(("more", "status"), [(0, b"200"), (1, b"431")])
def test_a_head_may_have_as_much_as_at_the_gateway(more: int, status: bytes) -> None:
    class Answering(Gateway):
        async def _answer(self, incoming: Any) -> Any:
            return Outgoing(200, [], incoming.path.encode())

    async def act(fixture: Fixture) -> None:
        size = HEAD_BYTES - len("GET/") - len("close") + more
        told = await fixture.ask(b"GET / HTTP/1.1\r\nConnection: close\r\nx: %b\r\n\r\n" % (b"a" * size))
        assert told.startswith(b"HTTP/1.1 " + status)

    run(act, application=Answering(None, timedelta(1)))  # type: ignore[arg-type]


def test_a_request_that_does_not_go_on_is_ended_and_one_that_is_answered_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "_STALL_SECONDS", 0.3)

    async def act(fixture: Fixture) -> None:
        for parts in ([b"G"], [HEAD % 9 + b"\r\nab"], [INNER, b"\r\n"]):
            told = await fixture.ask(*parts)
            assert told.endswith(b'{"message":"Request Timeout"}')
        parts = [HEAD % 6 + b"\r\n", *[b"a"] * 5]
        reader, writer = await fixture.connect(parts[0])
        for _ in range(6):
            await asyncio.sleep(0.15)
            writer.write(b"a")
        assert b"200 OK" in await reader.read(500)
        writer.close()
        reader, writer = await fixture.connect(b"GET /held HTTP/1.1\r\nHost: h\r\n\r\n\r\n")
        await asyncio.sleep(0.8)
        fixture.application.released.set()
        assert b"200 OK" in await reader.read(500)
        writer.close()

    run(act)


def test_a_connection_that_says_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(fixture: Fixture) -> None:
        fixture.server.config.timeout_keep_alive = 0.3  # type: ignore[assignment]
        assert await fixture.ask() == b""

    run(act)


def test_a_connection_too_many_is_told_so_and_others_go_on() -> None:
    async def act(fixture: Fixture) -> None:
        held = [await fixture.connect(b"G") for _ in range(3)]
        told = await fixture.ask()
        assert told.startswith(b"HTTP/1.1 503 ")
        assert told.endswith(b'{"message":"Service Unavailable"}')
        held[0][1].close()
        await held[0][1].wait_closed()
        await asyncio.sleep(0.1)
        assert b"200 OK" in await fixture.ask(INNER, seconds=0.5)
        for _, writer in held:
            writer.close()

    run(act, most=3)


@pytest.mark.parametrize(
    ("limits", "most"), [((256, 256), 128), ((256, 1024), 768), ((1024, 1 << 20), 10_000)]
)
def test_there_are_fewer_connections_than_descriptors(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], most: int
) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: raised.append(both))
    assert protocol.most_connections() == most
    assert raised == [(limits[1], limits[1])]


def test_at_the_end_a_body_that_has_not_come_is_503_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    async def act(fixture: Fixture) -> None:
        reader, writer = await fixture.connect(HEAD % 9 + b"\r\nab")
        fixture.server.should_exit = True
        told = await asyncio.wait_for(reader.read(), 3)
        assert told.startswith(b"HTTP/1.1 503 ")
        assert told.endswith(b'{"message":"Service Unavailable"}')
        writer.close()

    run(act)
    assert "Traceback" not in capfd.readouterr().err
