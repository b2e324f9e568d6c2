"""What a release is asked from outside, and what makes it fail."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

import routes
from infrastructure.cloud import probe

TAG = "20260102-000000-bbbbbbbb"


class Api:
    """An API whose answers are set by path: status and body, and whose players ask for a token."""

    def __init__(self) -> None:
        self.healthz: list[tuple[int, Any]] = [(200, {"status": "ok", "image_tag": TAG})]
        self.jwks: tuple[int, Any] = (200, {"keys": [{"kid": "1"}]})
        self.keys_path = "/_keys"
        self.without_token = 401
        self.with_token = 403
        self.tokens: list[str] = []
        self.url = ""

    def answer(self, path: str, token: str | None) -> tuple[int, Any]:
        """The answer to a GET; the health check's are given one after the other, the last one for ever."""
        if path == "/healthz":
            return self.healthz.pop(0) if len(self.healthz) > 1 else self.healthz[0]
        if path == self.keys_path:
            return self.jwks
        if path == "/_keys":
            return 404, {}
        if token:
            self.tokens.append(token)
        return (self.with_token if token else self.without_token), {}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """An API that listens; a wrong answer is asked again at once, where it is."""
    served = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = served.answer(self.path, self.headers["Authorization"])
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    monkeypatch.setattr(probe, "_PAUSE_SECONDS", 0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    server.server_close()


def probed(url: str, patience_seconds: float = 0) -> tuple[probe.ProbeResult, ...]:
    """What the requests came to, which are not sent again unless it is said for how long."""
    return probe.probe({"api_url": url, "image_tag": TAG}, patience_seconds)


def failures(api: Api, patience_seconds: float = 0) -> list[str]:
    """What goes wrong, in words."""
    checks = probed(api.url, patience_seconds)
    return [str(check) for check in probe.failed(checks)]


def test_a_release_that_answers_as_it_must_passes(api: Api) -> None:
    assert failures(api) == []


def test_a_health_check_that_fails_is_told_with_its_status(api: Api) -> None:
    api.healthz = [(503, {"status": "unavailable", "image_tag": TAG})]
    assert failures(api) == [f"GET /healthz: 503, of {TAG}"]


def test_another_release_that_answers_is_a_failure(api: Api) -> None:
    api.healthz = [(200, {"status": "ok", "image_tag": "20260101-000000-aaaaaaaa"})]
    assert failures(api) == ["GET /healthz: 200, of 20260101-000000-aaaaaaaa"]


@pytest.mark.parametrize("body", [{"keys": []}, {"keys": 5}, {}, [], b"not JSON"])
def test_without_keys_no_token_could_be_checked(api: Api, body: Any) -> None:
    api.jwks = (200, body)
    assert failures(api) == ["GET /_keys: 200, 0 keys"]


def test_a_release_of_before_the_stacks_own_keys_is_asked_for_the_partners(api: Api) -> None:
    api.keys_path = "/.well-known/jwks.json"
    assert failures(api) == []
    api.jwks = (200, {})
    assert failures(api) == ["GET /.well-known/jwks.json: 200, 0 keys"]


def test_a_stack_without_a_route_that_needs_a_scope_is_asked_for_the_rest(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ROUTES", tuple(route for route in routes.ROUTES if not route.scope))
    assert failures(api) == []


def test_a_route_of_one_player_stands_in_where_none_lists_them(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ROUTES", tuple(one for one in routes.ROUTES if one.name == "players-get"))
    assert failures(api) == []
    api.without_token = api.with_token = 200
    assert [failure.split()[:2] for failure in failures(api)] == [["GET", "/players/{player_id}"]] * 2


def test_players_that_are_open_to_everybody_are_a_failure(api: Api) -> None:
    api.without_token = 200
    assert failures(api) == ["GET /players without a token: 200, not 401"]


@pytest.mark.parametrize("status", [200, 500])
def test_an_authorizer_that_lets_in_or_falls_over_is_a_failure(api: Api, status: int) -> None:
    api.with_token = status
    assert failures(api) == [f"GET /players with an invalid token: {status}, not 403"]


def test_the_invalid_token_is_another_each_time_so_that_no_remembered_answer_counts(api: Api) -> None:
    failures(api)
    failures(api)
    assert len(set(api.tokens)) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "RemoteDisconnected"),
        (b"garbage\r\n\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut", "IncompleteRead"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 50\r\n\r\ncut", "IncompleteRead"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(answer: bytes, said: str) -> None:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        checks = probed(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert len(probe.failed(checks)) == 4
    assert all(f"no answer ({said}" in check.answer for check in checks)


def test_a_wrong_answer_is_asked_again_for_a_while(api: Api) -> None:
    api.healthz = [(404, {}), (500, {}), (200, {"image_tag": "20260101-000000-aaaaaaaa"}), *api.healthz]
    assert failures(api, patience_seconds=60) == []


def test_no_answer_at_all_is_told_with_its_reason() -> None:
    checks = probed("http://127.0.0.1:1")
    assert "Connection refused" in probe.describe(checks)


def test_the_remedy_names_the_log_of_what_failed_first(api: Api) -> None:
    api.with_token = 500
    failed = probe.failed(probed(api.url))
    assert probe.remedy(failed, "dev") == "Look at its log: make logs FN=authorizer STACK=dev"
