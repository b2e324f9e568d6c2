"""A sandbox as a test of an integrator has it: what operates it, over HTTP."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from psn_partner_emulator.testing import Emulator, EmulatorError, Login, Sandbox, VerificationError
from psn_partner_emulator.testing.api import Api, duration


@pytest.fixture
def sandbox(emulator: Emulator) -> Sandbox:
    """A sandbox that nobody has used, declared."""
    fresh = emulator.fresh("test_players[Grace]")
    fresh.declare(ttl="PT1H")
    return fresh


def ask(sandbox: Sandbox, path: str, token: str, body: Any = None) -> tuple[int, Any]:
    """The status and the JSON of ``path``, asked as an integrator's application does."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(sandbox.base_url + path, data, headers)  # noqa: S310 - http
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


GRACE = {"username": "Grace", "email": "grace@example.com", "country": "US"}


def test_a_fresh_sandbox_is_named_after_its_test(emulator: Emulator) -> None:
    names = {
        emulator.fresh("test_" + "long" * 40).name,
        emulator.fresh("test_ÄÖ[a/b]").name,
        emulator.fresh("").name,
    }
    assert all(len(name) <= 64 and name.replace("-", "").isalnum() for name in names)
    assert any(name.startswith("test-a-b-") for name in names)


def test_its_token_opens_it_and_no_other(emulator: Emulator, sandbox: Sandbox) -> None:
    token = sandbox.token()
    assert ask(sandbox, "/players", token, GRACE)[0] == 201
    other = emulator.fresh()
    other.declare()
    assert ask(other, "/players", token)[0] == 400
    assert ask(other, "/players", other.token())[1]["data"] == []


def test_tokens_are_to_order(sandbox: Sandbox) -> None:
    assert ask(sandbox, "/players", sandbox.token(defect="expired"))[0] == 401
    assert ask(sandbox, "/players", sandbox.token(scope="openid"))[0] == 403
    ordered = sandbox.order(None, client_id="demo-service", scope="players:read")
    assert ordered["claims"]["sub"] == "demo-service"
    assert sandbox.token(kind="id_token").count(".") == 2


def test_faults_befall_the_requests_that_they_mean(sandbox: Sandbox) -> None:
    token = sandbox.token()
    rule = sandbox.faults.add({"status": 503, "retry_after": 2}, "pass", path="/players", times=2)
    assert [ask(sandbox, "/players", token)[0] for _ in range(2)] == [503, 200]
    assert sandbox.faults.get(rule["id"])["hits"] == 2
    sandbox.faults.remove(rule["id"])
    sandbox.faults.add({"status": 500})
    sandbox.faults.clear()
    assert ask(sandbox, "/players", token)[0] == 200


def test_its_clock_is_moved(sandbox: Sandbox) -> None:
    token = sandbox.token()
    due = sandbox.clock.advance(timedelta(days=1))["due"]
    assert [item["subject"] for item in due] == ["9c588f6d-700d-473d-879c-c547c665f9e8"]
    assert ask(sandbox, "/players", token)[0] == 401
    sandbox.clock.set(datetime(2100, 1, 1, tzinfo=UTC), freeze=True)
    assert sandbox.clock.now == datetime(2100, 1, 1, tzinfo=UTC)
    sandbox.clock.advance("-P1D")
    sandbox.clock.unfreeze()
    assert sandbox.clock.freeze()["frozen"]
    assert sandbox.clock.reset()["offset"] == "PT0S"


def test_its_requests_are_verified(sandbox: Sandbox) -> None:
    token = sandbox.token()
    assert ask(sandbox, "/players", token, GRACE)[0] == 201
    assert ask(sandbox, "/players", token, GRACE)[0] == 409
    sandbox.requests.verify(method="POST", path="/players", status=201, exactly=1)
    sandbox.requests.verify_order({"status": 201}, {"status": 409})
    with pytest.raises(
        VerificationError, match=r"(?s)expected exactly 1; there is count 0.*≠ status: 409, expected 418"
    ):
        sandbox.requests.verify(method="POST", status=418, exactly=1)
    assert [row["response"]["status"] for row in sandbox.requests.all(order="desc")] == [409, 201]
    assert len(sandbox.requests.all(limit=1)) == 1
    sandbox.requests.clear()
    sandbox.requests.verify(exactly=0)


def test_its_state_is_seeded_taken_away_and_brought_back(emulator: Emulator, sandbox: Sandbox) -> None:
    sandbox.seed({"players": [GRACE]})
    pages = sandbox.export()
    other = emulator.fresh()
    other.import_(*pages)
    assert other.export() == pages
    assert ask(other, "/players", other.token())[1]["data"][0]["username"] == "Grace"
    assert other.reset()["seed"] == "default"
    assert other.export()[0]["players"] == []


def test_an_export_of_many_pages_is_imported_whole_or_not_at_all(
    emulator: Emulator, sandbox: Sandbox
) -> None:
    names = ("Atreus", "Freya", "Grace")
    sandbox.seed({"players": [{**GRACE, "username": name, "email": f"{name}@example.com"} for name in names]})
    pages = sandbox.export(limit=2)
    assert len(pages) == 2
    other = emulator.fresh()
    with pytest.raises(EmulatorError, match="not whole"):
        other.import_(pages[0])
    other.import_(*pages)
    assert other.export(limit=2) == pages


def test_it_has_limits_users_and_clients_of_its_own(sandbox: Sandbox) -> None:
    sandbox.put_client(
        "bot", name="Bot", grant_types=["client_credentials"], scopes=["players:read"], secret="s" * 20
    )
    token = sandbox.token(None, client_id="bot")
    sandbox.limit(1, "PT1H")
    assert [ask(sandbox, "/players", token)[0] for _ in range(2)] == [200, 429]
    sandbox.put_user("kim", password="of-tests", email="kim@example.com")
    assert ask(sandbox, "/players", sandbox.token("kim", client_id="demo-web"))[0] == 200


def test_it_ends_as_often_as_it_is_deleted(sandbox: Sandbox) -> None:
    sandbox.delete()
    sandbox.delete()


def test_the_default_sandbox_is_at_the_base_url(emulator: Emulator) -> None:
    default = emulator.sandbox("default")
    assert default.base_url == emulator.url
    assert ask(default, "/players", default.token())[0] == 200


def test_a_login_that_a_clock_has_ended_is_had_again(emulator: Emulator) -> None:
    default = emulator.sandbox("default")
    default.clock.advance("P1D")
    assert default.clock.reset()["offset"] == "PT0S"


def test_what_the_emulator_refuses_is_told_with_its_fields(sandbox: Sandbox) -> None:
    with pytest.raises(EmulatorError, match="answered with 422: faults") as refused:
        sandbox.faults.add({"status": 99})
    assert (refused.value.status, refused.value.code) == (422, "validation_error")
    with pytest.raises(EmulatorError, match="does not answer"):
        Emulator("http://127.0.0.1:9").fresh().declare()
    with pytest.raises(EmulatorError, match="no URL of an emulator"):
        Emulator("localhost:8080")
    with pytest.raises(EmulatorError, match="username or the password is wrong"):
        Emulator(sandbox.base_url, Login("admin", "wrong")).fresh().declare()
    with pytest.raises(EmulatorError, match="no JSON form"):
        sandbox.declare(seed={"players": {1, 2}})


def test_no_redirect_is_followed() -> None:
    """Which would take the administrator's token to another origin."""
    asked: list[str | None] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.2:{self.headers['Host'].rpartition(':')[2]}/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with HTTPServer(("", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        api = Api(f"http://127.0.0.1:{server.server_port}", Login(token="secret"))
        with pytest.raises(EmulatorError, match="answered with 302"):
            api.operate("GET", "/_emulator/users")
        server.shutdown()
    assert asked == ["Bearer secret"]


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    Emulator(url).fresh().declare()


@pytest.mark.parametrize("page", ["docs/guides/alone.md", "psn_partner_emulator/testing/README.md"])
def test_the_example_of_a_page_passes(sandbox: Sandbox, project: Path, page: str) -> None:
    example = (project / page).read_text().partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - our own page
    names["test_a_player_is_made_once_though_the_partner_fails"](sandbox)


@pytest.mark.parametrize(
    ("length", "text"),
    [("PT1H", "PT1H"), (1.5, "PT1.5S"), (timedelta(minutes=1), "PT60S"), (-2, "-PT2S"), (0, "PT0S")],
)
def test_durations_are_those_of_iso_8601(length: timedelta | float | str, text: str) -> None:
    assert duration(length) == text
