"""``make seed`` and ``make reset``: sandboxes given their seeds through the API, here that of the very handlers."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infrastructure import cli
from infrastructure.automation import workspace
from infrastructure.cloud import session
from infrastructure.commands import readiness, stack_info
from infrastructure.release.state import StackState
from services.sandboxes.opening import new_generation, opened
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway, open_session
from utils import table
from utils.aws import client
from utils.sandbox import sandbox_key
from utils.writes import Put, Update


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
def _api(dynamodb_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
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
    monkeypatch.setattr(
        stack_info, "outputs", lambda _settings: {"api_url": url, "table_name": dynamodb_table}
    )
    monkeypatch.setattr(workspace, "read_state", lambda _: StackState({}))
    monkeypatch.setattr(readiness, "require_aws", lambda *_: None)
    monkeypatch.setattr(readiness, "persist", lambda _: None)
    monkeypatch.setattr(session, "client", lambda _settings, service: client(service))
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


def test_a_reset_of_the_default_sandbox_deletes_what_it_had_before(
    dynamodb_table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for what may be an import under way, and what is others'."""

    def universes() -> Counter[str]:
        items = client("dynamodb").scan(TableName=dynamodb_table)["Items"]
        return Counter(item["pk"]["S"].partition("#")[0] for item in items)

    for name in ("default", "default-2"):
        Gateway(open_session(opened(name))).post("/players", {"username": "Atreus", "email": "a@example.com"})
    assert cli.main(["reset", "--sandbox=default-2"]) == 0
    others = {name: count for name, count in universes().items() if name.startswith("default-2")}
    assert opened("default").generation == ""
    old, new = "0190a3b2c4d5e6f7", new_generation()
    for generation in (old, new):
        table.write(Put({"pk": f"default@{generation}#players", "sk": "1"}))
    assert cli.main(["reset", "--sandbox=default"]) == 0
    assert re.search(r"^Deleted \d+ items that it had before$", capsys.readouterr().out, re.MULTILINE)
    left = universes()
    assert {name: count for name, count in left.items() if name.startswith("default-2")} == others
    assert (left[f"default@{old}"], left[f"default@{new}"]) == (0, 1)
    assert left["default"] == 1, "the sandbox's own item"


LOCKED = (
    "The default sandbox needs a user, or a client with the grant client_credentials, that has emulator:admin"
)


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ("{users: [], clients: []}", True),
        ("{users: []}", True),
        ("{clients: []}", False),
        ("{players: []}", False),
    ],
)
def test_no_seed_locks_everybody_out_of_the_default_sandbox(
    content: str, refused: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "seed.yaml").write_text(content)
    identity.store_seed(
        identity.seed_entry(username="admin", password_hash=HASHER.hash("admin123")),
        registered=[identity.client_entry("service", secret_hash=None, scopes=["players:read"])],
    )
    assert cli.main(["seed", "--sandbox=default", f"--file={tmp_path / 'seed.yaml'}"]) == int(refused)
    assert (LOCKED in capsys.readouterr().err) == refused
    assert cli.main(["seed", "--sandbox=ci-7", f"--file={tmp_path / 'seed.yaml'}"]) == 0


def test_who_is_locked_out_begins_the_default_sandbox_anew_by_aws_credentials(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = {"accounts": 1, "is_seeded": False, "seed": "empty", "serial": 3, "generation": new_generation()}
    table.write(Update(sandbox_key("default"), assign=gone))
    assert cli.main(["reset", "--sandbox=default"]) == 1
    assert "make reset SANDBOX=default STACK=local FORCE=1" in capsys.readouterr().err
    assert cli.main(["reset", "--sandbox=ci-7", "--force"]) == 1
    assert cli.main(["reset", "--sandbox=default", "--force"]) == 0
    assert capsys.readouterr().out.startswith("Sandbox default holds the seed default: http")
    for _ in range(2):
        assert cli.main(["reset", "--sandbox=default"]) == 0
    assert usernames("default") == []
