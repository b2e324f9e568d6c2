"""``make smoke``: the API asked from outside, here that of the very handlers, with a token too."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infrastructure import cli
from infrastructure.cloud import login_probe, probe
from infrastructure.commands import smoke, stack_info
from infrastructure.stack.loading import load_settings
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway

BROKEN: set[str] = set()


class _Handler(BaseHTTPRequestHandler):
    """Sends what comes to the handlers, with the claims of its token, as the gateway does."""

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0)) or None
        headers = {name.lower(): value for name, value in self.headers.items()}
        if f"{self.command} {self.path}" in BROKEN:
            status, text = 500, "{}"
        else:
            token = headers.get("authorization", "").removeprefix("Bearer ")
            answer = Gateway(identity.payload(token) if token else {}).send(
                self.command, self.path, raw=raw, headers=headers
            )
            status, text = answer.status, answer.text
        self.send_response(status)
        self.end_headers()
        if status != 204:
            self.wfile.write(text.encode())

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The API of a stack with the documented user."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(
        identity.seed_entry(username="testuser", password_hash=HASHER.hash("password123")),
        registered=identity.clients(),
    )
    monkeypatch.setattr(probe, "probe", lambda _: ())
    BROKEN.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    outputs = {"api_url": address, "image_tag": "20260102-000000-bbbbbbbb"}
    monkeypatch.setattr(stack_info, "outputs", lambda _settings: outputs)
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


def test_players_are_made_and_deleted_in_a_sandbox_of_its_own(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["smoke", "--stack", "local"]) == 0
    assert "testuser logged in in the sandbox smoke, players were made" in capsys.readouterr().out
    results = login_probe.probe(url, "testuser", "password123", in_sandbox=True)
    assert [result.function for result in results] == [
        f"{name}"
        for name in ("auth-token", "players-list", "players-create", "players-get", "players-delete")
    ]


@pytest.mark.parametrize(
    "request_line", ["POST /s/smoke/players", "GET /s/smoke/players", "POST /s/smoke/auth/token"]
)
def test_what_fails_only_for_who_has_a_token_is_told(
    url: str, request_line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    BROKEN.add(request_line)
    assert cli.main(["smoke", "--stack", "local"]) == 1
    method, path = request_line.split()
    assert f"{method} {path.removeprefix('/s/smoke')} as testuser: 500" in capsys.readouterr().err


def test_in_the_default_sandbox_nothing_is_changed(url: str) -> None:
    results = login_probe.probe(url, "testuser", "password123", in_sandbox=False)
    assert [result.function for result in results] == ["auth-token", "players-list"]


def test_without_a_login_it_says_what_it_does_not_know(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(smoke, "documented_login", lambda _: None)
    assert cli.main(["smoke", "--stack", "local"]) == 0
    assert "nobody logged in, so nothing is known of what a token opens" in capsys.readouterr().out
    assert cli.main(["smoke", "--stack", "local", "--user", "kim"]) == 1
    assert cli.main(["smoke", "--stack", "local", "--user", "kim", "--password", "wrong"]) == 1


def test_a_login_is_the_documented_one_where_the_seed_has_it() -> None:
    from infrastructure.stack.loading import load_seed
    from infrastructure.stack.seeds import documented_login

    local = load_seed(load_settings("local"))
    assert documented_login(local) == ("testuser", "password123")
    assert documented_login(local.model_copy(update={"users": ()})) is None
