"""The API served on this machine, against WireMock and mock-oauth2-server, standalone, which do less."""

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from uuid import uuid4

import httpx

from tests.bench.measure import Contestants
from tests.comparison import mock_oauth2_server, wiremock
from tests.support import java, served
from tests.support.checkout import free_port
from tests.support.served import serving

REQUESTS = 200
MANY = 1000
_USER = {"username": "testuser", "password": "password123"}
_CLIENT = ("demo-service", "demo-service-secret")
_START_SECONDS = 60


@contextmanager
def start() -> Iterator[Contestants]:
    """From the start of the command to the first answer."""
    libraries = java.libraries(wiremock.JARS)
    launcher = [str(java.launcher()), "-cp", f"{libraries}/*", "wiremock.Run"]

    def ours() -> float:
        port = free_port()
        return _first_answer(served.command("--port", str(port)), port, "/healthz")

    def theirs() -> float:
        port = free_port()
        options = ["--port", str(port), "--bind-address", "127.0.0.1", "--disable-banner"]
        return _first_answer([*launcher, *options], port, "/__admin/health")

    yield ours, theirs


@contextmanager
def get() -> Iterator[Contestants]:
    """``GET`` of a player with a token, and of a stub that answers the same."""
    with serving() as ours, _clients(ours.url) as [client], wiremock.running() as theirs:
        path = _player(client)
        answer = client.get(path)
        wiremock.stub(theirs.url, {"method": "GET", "urlPath": path}, _stubbed(answer))
        with _clients(theirs.url) as [stub]:
            yield partial(_median, client, path), partial(_median, stub, path)


@contextmanager
def token() -> Iterator[Contestants]:
    """An access token for a client that names its id and its secret."""
    form = {"grant_type": "client_credentials", "scope": "players:read"}
    with (
        serving() as ours,
        mock_oauth2_server.running() as theirs,
        _clients(ours.url, theirs.url) as [one, other],
    ):

        def ask(client: httpx.Client, path: str) -> float:
            return _p50(lambda: client.post(path, data=form, auth=_CLIENT))

        yield partial(ask, one, "/auth/token"), partial(ask, other, "/default/token")


@contextmanager
def memory() -> Iterator[Contestants]:
    """Bytes in memory after a thousand requests, what processes share counted once."""
    with serving() as ours, _clients(ours.url) as [client], wiremock.running() as theirs:
        path = _player(client)
        wiremock.stub(theirs.url, {"method": "GET", "urlPath": path}, _stubbed(client.get(path)))
        with _clients(theirs.url) as [stub]:
            yield (
                partial(_after_many, client, path, lambda: ours.memory),
                partial(_after_many, stub, path, theirs.memory),
            )


@contextmanager
def _clients(*urls: str) -> Iterator[list[httpx.Client]]:
    with ExitStack() as stack:
        yield [stack.enter_context(httpx.Client(base_url=url, timeout=60)) for url in urls]


def _player(client: httpx.Client) -> str:
    """Log the client in; the path of a player that there is now."""
    token = client.post("/auth/token", json=_USER).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    name = f"kratos-{uuid4().hex[:6]}"
    body = {"username": name, "email": f"{name}@mail.example"}
    created = client.post("/players", json=body).raise_for_status()
    return f"/players/{created.json()['data']['player_id']}"


def _stubbed(answer: httpx.Response) -> dict[str, object]:
    return {
        "status": answer.status_code,
        "body": answer.text,
        "headers": {"Content-Type": answer.headers["content-type"]},
    }


def _median(client: httpx.Client, path: str) -> float:
    return _p50(lambda: client.get(path))


def _p50(ask: Callable[[], httpx.Response]) -> float:
    taken = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        answer = ask()
        taken.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
    return statistics.median(taken)


def _after_many(client: httpx.Client, path: str, held: Callable[[], int]) -> float:
    for _ in range(MANY):
        client.get(path).raise_for_status()
    return held()


def _first_answer(command: list[str], port: int, path: str) -> float:
    """Seconds until a server answers 200; it is stopped afterwards."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=served.ROOT,
        env=served.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not _answers(port, path):
                if process.poll() is not None or time.perf_counter() - began > _START_SECONDS:
                    raise RuntimeError(f"does not start: {command}")
                time.sleep(0.005)
            return time.perf_counter() - began
        finally:
            process.terminate()


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
