"""What befalls a server: callers that are many, slow or gone, processes that end, and its own end."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.serve.conftest import USER
from tests.support.served import Served, serving

REQUESTS = int(os.environ.get("REQUESTS", "1000"))
CONNECTIONS = 50
INTERNAL = (500, {"message": "Internal Server Error"})
TOO_LARGE = (413, {"message": "Request Entity Too Large"})
DELAY = {"X-Emulator-Fault": "delay_ms=1500"}
JSON = {"Content-Type": "application/json"}


def created(client: httpx.Client) -> httpx.Response:
    """The answer to a request for a new player."""
    name = f"R{uuid4().hex[:10]}"
    return client.post("/players", json={"username": name, "email": f"{name}@mail.example"})


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Waits until it is so."""
    latest = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < latest
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def logged_in(url: str) -> httpx.Client:
    """A client of its own with a token."""
    client = httpx.Client(base_url=url, timeout=60)
    token = client.post("/auth/token", json=USER).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads for callers."""
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        yield threads


def test_a_process_that_ends_in_a_request_fails_it_and_no_other(
    served: Served, user: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    assert user.get("/players").status_code == 200
    before = set(served.workers)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    held = [pool.submit(user.get, "/players") for _ in before]
    time.sleep(0.7)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    for one in held:
        answer = one.result()
        assert (answer.status_code, answer.json()) == INTERNAL
    assert user.get("/players").status_code == 200
    until(lambda: len(set(served.workers) - before) >= 2)


def test_what_was_acknowledged_is_there_though_processes_end_all_the_while(
    served: Served, user: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    answers = [pool.submit(created, user) for _ in range(REQUESTS // 5)]
    while not all(one.done() for one in answers):
        for pid in served.workers[:1]:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
    results = [one.result() for one in answers]
    assert {answer.status_code for answer in results} <= {201, 500}
    made = [answer for answer in results if answer.status_code == 201]
    assert made
    for answer in made:
        assert (
            user.get(f"/players/{answer.json()['data']['player_id']}").json()["data"] == answer.json()["data"]
        )


def test_many_requests_over_many_connections_are_all_answered(
    served: Served, pool: ThreadPoolExecutor, token: str
) -> None:
    def ask(_number: int) -> set[int]:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=served.url, timeout=60, headers=headers) as client:
            return {client.get("/players?limit=1").status_code for _ in range(REQUESTS // CONNECTIONS)}

    assert set().union(*pool.map(ask, range(CONNECTIONS))) == {200}


def test_requests_that_are_held_up_do_not_hold_up_others(
    served: Served, user: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    before = len(served.workers)
    rule = "X-Emulator-Fault: timeout\r\n"
    head = f"GET /nowhere HTTP/1.1\r\nHost: {urlsplit(served.url).netloc}\r\n{rule}\r\n".encode()
    place = (urlsplit(served.url).hostname, urlsplit(served.url).port)
    callers = [socket.create_connection(place) for _ in range(CONNECTIONS)]
    try:
        for caller in callers:
            caller.sendall(head)
        time.sleep(0.3)
        held = [pool.submit(user.get, "/players", headers=DELAY) for _ in range(6)]
        began = time.monotonic()
        assert user.get("/players?limit=1").status_code == 200
        assert not any(one.done() for one in held), time.monotonic() - began
        assert {one.result().status_code for one in held} == {200}
        assert time.monotonic() - began < 6 * 1.5
        assert len(served.workers) <= before + 4
    finally:
        for caller in callers:
            caller.close()


def test_slow_callers_hold_up_nobody(served: Served, user: httpx.Client, token: str) -> None:
    parts = urlsplit(served.url)
    headers = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nContent-Length: 99"
    head = f"POST /players HTTP/1.1\r\n{headers}\r\n\r\n"
    callers = [socket.create_connection((parts.hostname, parts.port)) for _ in range(CONNECTIONS)]
    try:
        for number, caller in enumerate(callers):
            caller.sendall((head + "{").encode() if number % 2 else head[: 10 + number].encode())
        assert user.get("/players?limit=1").status_code == 200
    finally:
        for caller in callers:
            caller.close()
    assert user.get("/players?limit=1").status_code == 200


def test_a_caller_that_goes_before_its_answer_leaves_nothing_behind(
    served: Served, user: httpx.Client, token: str
) -> None:
    parts = urlsplit(served.url)
    head = f"GET /players HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n{{}}\r\n"
    for _ in range(10):
        with socket.create_connection((parts.hostname, parts.port)) as caller:
            caller.sendall(head.format("X-Emulator-Fault: delay_ms=300\r\n").encode())
    assert user.get("/players?limit=1").status_code == 200


@pytest.mark.parametrize("mebibytes", [8, 11])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_that_no_function_can_be_given_is_413(
    user: httpx.Client, mebibytes: int, *, is_chunked: bool
) -> None:
    body = [b" " * (1 << 20)] * mebibytes
    content = iter(body) if is_chunked else b"".join(body)
    answer = user.post("/players", content=content, headers=JSON)
    assert (answer.status_code, answer.json()) == TOO_LARGE
    assert user.get("/players?limit=1").status_code == 200


def test_who_waits_for_the_journal_takes_nobodys_place_and_hears_soon(
    served: Served, client: httpx.Client, user: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    form = {"grant_type": "client_credentials", "scope": "emulator:admin"}
    login = client.post("/auth/token", data=form, auth=("demo-admin", "demo-admin-secret"))
    operator = {"Authorization": f"Bearer {login.raise_for_status().json()['access_token']}"}
    query: dict[str, str | int] = {"after": "now", "wait": 15, "path": "/players/*"}
    body = {"match": {"path": "/players/*"}, "count": {"at_least": 1}, "within": "PT15S"}
    client.delete("/_emulator/requests", headers=operator)
    before = len(served.workers)
    waiting: list[Future[httpx.Response]] = [
        *(pool.submit(client.get, "/_emulator/requests", params=query, headers=operator) for _ in range(20)),
        *(
            pool.submit(client.post, "/_emulator/requests/verify", json=body, headers=operator)
            for _ in range(20)
        ),
    ]
    time.sleep(1)
    assert user.get("/players?limit=1").status_code == 200
    assert not any(one.done() for one in waiting)
    player = created(user).json()["data"]["player_id"]
    user.get(f"/players/{player}")
    began = time.monotonic()
    answers = [one.result() for one in waiting]
    assert time.monotonic() - began < 8
    assert {answer.status_code for answer in answers} == {200}
    assert all(f"/players/{player}" in answer.text for answer in answers[:20])
    assert len(served.workers) <= before + len(waiting) / 4


def test_a_wait_in_vain_ends_when_it_was_said_to(client: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "scope": "emulator:admin"}
    login = client.post("/auth/token", data=form, auth=("demo-admin", "demo-admin-secret"))
    operator = {"Authorization": f"Bearer {login.json()['access_token']}"}
    began = time.monotonic()
    query: dict[str, str | int] = {"after": "now", "wait": 2, "path": "/none"}
    answer = client.get("/_emulator/requests", params=query, headers=operator)
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert 2 <= time.monotonic() - began < 6


def folders_of(processes: list[int]) -> set[Path]:
    """The folders in memory in which they have files open."""
    files = (fd.readlink() for pid in processes for fd in Path(f"/proc/{pid}/fd").iterdir())
    return {file.parent for file in files if file.is_relative_to("/dev/shm/")}  # noqa: S108


def test_a_signal_ends_it_when_it_has_answered_what_it_was_asked(pool: ThreadPoolExecutor) -> None:
    with serving("--workers", "2") as server:
        user = logged_in(server.url)
        processes = server.processes
        [folder] = folders_of(processes)
        held = [pool.submit(user.get, "/players", headers=DELAY) for _ in range(4)]
        time.sleep(0.5)
        for pid in processes:  # as a supervisor does that ends a group
            os.kill(pid, signal.SIGTERM)
        assert [one.result().status_code for one in held] == [200] * 4
        assert server.process.wait(20) == 0
        until(lambda: not any(map(alive, processes)))
    assert not folder.exists()


def test_one_that_is_killed_leaves_neither_processes_nor_memory() -> None:
    with serving("--workers", "2") as server:
        logged_in(server.url)
        processes = server.processes
        [folder] = folders_of(processes)
        server.process.kill()
        until(lambda: not any(map(alive, processes)))
        until(lambda: not folder.exists())


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    with serving("--workers", "2", "--data", str(tmp_path), most_bytes=400_000) as server:
        user = logged_in(server.url)
        answers = [created(user)]
        while answers[-1].status_code == 201 and len(answers) < 2000:
            answers.append(created(user))
        full = answers.pop()
        assert (full.status_code, full.json()["code"]) == (507, "sandbox_full")
        assert "disk" in full.json()["detail"]
    with serving("--workers", "2", "--data", str(tmp_path)) as server:
        user = logged_in(server.url)
        for answer in answers:
            player = answer.json()["data"]
            assert user.get(f"/players/{player['player_id']}").json()["data"] == player
        assert created(user).status_code == 201
        assert json.loads((tmp_path / "signing-keys.json").read_text())["keys"]
