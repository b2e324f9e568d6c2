"""A client that calls a deployed API all the while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import httpx

USER = {"username": "testuser", "password": "password123"}
PLAYER = {"username": "Bystander", "email": "bystander@example.com"}
_RENEWAL_SECONDS = 120
_TIMEOUT_SECONDS = 60


class Caller:
    """What a client was answered that goes round and round: ``GET /``, ``GET /healthz`` and, with a token, a
    player. A class because it is told in one thread and asked in another.

    An answer is kept as what it says of its release, which is the name that ``GET /`` gives or the hash in the
    image's tag, or as ``player``; one that is not 200 as its status and body, a call without one as its error.
    """

    def __init__(self) -> None:
        self._answers: Queue[str] = Queue()
        self.calls = 0

    def answers(self) -> set[str]:
        """What was answered since this was asked last; raises ``queue.Empty`` when nobody calls any more."""
        answers = {self._answers.get(timeout=_TIMEOUT_SECONDS)}
        while not self._answers.empty():
            answers.add(self._answers.get())
        return answers

    def go_round(self, client: httpx.Client, stop: threading.Event) -> None:
        """Calls until it is to stop."""
        login(client)
        renewed = time.monotonic()
        player = client.post("/players", json=PLAYER).json()["data"]["player_id"]
        while not stop.is_set():
            if time.monotonic() - renewed > _RENEWAL_SECONDS:
                login(client)
                renewed = time.monotonic()
            self._call(client, "/", lambda answer: str(answer.json()["data"]["name"]))
            self._call(client, "/healthz", lambda answer: str(answer.json()["image_tag"]).rpartition("-")[2])
            self._call(client, f"/players/{player}", lambda _: "player")

    def _call(self, client: httpx.Client, path: str, tell: Callable[[httpx.Response], str]) -> None:
        try:
            answer = client.get(path)
            told = tell(answer) if answer.status_code == 200 else f"{answer.status_code} {answer.text}"
        except httpx.HTTPError as error:
            told = f"{type(error).__name__} {error}"
        self._answers.put(told)
        self.calls += 1


def login(client: httpx.Client) -> None:
    """Has the client carry a new access token."""
    answer = client.post("/auth/token", json=USER)
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


@contextmanager
def calling(api_url: str) -> Iterator[Caller]:
    """A caller of the API, which calls while the block runs."""
    caller, stop = Caller(), threading.Event()
    with httpx.Client(base_url=api_url, timeout=_TIMEOUT_SECONDS) as client:
        thread = threading.Thread(target=caller.go_round, args=(client, stop))
        thread.start()
        try:
            yield caller
        finally:
            stop.set()
            thread.join()
