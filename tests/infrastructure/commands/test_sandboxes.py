"""``make seed`` and ``make reset``: sandboxes given their seeds through the API, here that of the very handlers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infrastructure import cli
from infrastructure.commands import stack_info
from services.sandboxes.opening import opened
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway, open_session


class _Handler(BaseHTTPRequestHandler):
    """Sends what comes to the handlers, as the default sandbox's administrator."""

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0)) or None
        headers = {name.lower(): value for name, value in self.headers.items()}
        gateway = Gateway(open_session(opened("default")))
        answer = gateway.send(self.command, self.path, raw=raw, headers=headers)
        self.send_response(answer.status)
        self.end_headers()
        self.wfile.write(answer.text.encode())

    do_PUT = do_POST = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def _api(the_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The API of a local stack whose administrator is that of its seed file."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    admin = identity.seed_entry(username="admin", password_hash=HASHER.hash("admin123"))
    plain = {
        "username": "plain",
        "subject": "0b7c0e5e-6f3b-4f0e-9d0a-2f4f3f3c9b11",
        "scopes": ["players:read"],
    }
    identity.store_seed(admin, identity.seed_entry(**plain), registered=identity.clients())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(stack_info, "outputs", lambda _settings: {"api_url": url})
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def usernames(name: str) -> list[str]:
    """The players of a sandbox, without its own users' logins."""
    return [player["username"] for player in Gateway(open_session(opened(name))).get("/players").data]


DOCUMENTS = {
    "seed.yaml": "players:\n  - {username: Atreus, email: a@example.com, created_at: 2026-01-01T00:00:00Z}\n",
    "seed.json": '{"players": [{"username": "Atreus", "email": "a@example.com"}]}',
}


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_sandbox_holds_what_the_file_says_and_again_after_a_reset(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / file
    path.write_text(DOCUMENTS[file])
    for _ in range(2):
        assert cli.main(["seed", "--sandbox=ci-7", f"--file={path}", "--ttl=PT2H"]) == 0
        assert "Sandbox ci-7 holds the document until 20" in capsys.readouterr().out
        assert usernames("ci-7") == ["Atreus"]
        opened_now = Gateway(open_session(opened("ci-7")))
        opened_now.post("/players", {"username": "Other", "email": "o@example.com"})
    assert cli.main(["reset", "--sandbox=ci-7"]) == 0
    assert usernames("ci-7") == ["Atreus"]


def test_a_seed_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["seed", "--sandbox=ci-7", "--seed=empty"]) == 0
    assert capsys.readouterr().out.endswith("/s/ci-7\n")


@pytest.mark.parametrize(
    ("arguments", "content", "fault"),
    [
        (["seed", "--sandbox=ci-7", "--seed=nope"], None, "seed: Input should be"),
        (["seed", "--sandbox=CI", "--seed=empty"], None, "answered with 400: The name of a sandbox"),
        (["reset", "--sandbox=nobody"], None, "answered with 404: There is no such sandbox"),
        (
            ["reset", "--sandbox=default", "--user=plain", "--password=password123"],
            None,
            "more than may be had",
        ),
        (["reset", "--sandbox=default", "--user=admin", "--password=wrong"], None, "answered with 400"),
        (["reset", "--sandbox=default", "--user=admin"], None, "Nobody is named"),
        (["seed", "--sandbox=ci-7"], "friends: []", "seed.friends: Extra inputs"),
        (["seed", "--sandbox=ci-7"], "[]", "is no document"),
        (["seed", "--sandbox=ci-7"], "a: 1\na: 2", "stands twice"),
        (["seed", "--sandbox=ci-7", "--file=/nowhere.yaml"], None, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str],
    content: str | None,
    fault: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / "seed.yaml").write_text(content)
        arguments = [*arguments, f"--file={tmp_path / 'seed.yaml'}"]
    assert cli.main(arguments) == 1
    assert fault in capsys.readouterr().err
