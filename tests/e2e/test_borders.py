"""What holds on every route, as it is met through the gateway."""

from typing import Any

import httpx
import pytest

PAGE = "https://game.example"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
JSON = {"Content-Type": "application/json"}


def names(listed: str) -> set[str]:
    return {name.strip().lower() for name in listed.split(",")}


class TestABody:
    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (b"", 400, "malformed_json"),
            (b"\xef\xbb\xbf{}", 400, "malformed_json"),
            (b'{"username": "a", "username": "b"}', 400, "malformed_json"),
            (b'{"score": NaN}', 400, "malformed_json"),
            (b"[" * 30_000 + b"]" * 30_000, 400, "malformed_json"),
            (b"9" * 60_000, 400, "malformed_json"),
            (b" " * 65_534 + b"{}", 422, "validation_error"),
            (b" " * 65_535 + b"{}", 413, "payload_too_large"),
            (b" " * 1_000_000, 413, "payload_too_large"),
        ],
        ids=lambda value: len(value) if isinstance(value, bytes) else None,
    )
    def test_that_is_wrong_is_a_problem(
        self, user: httpx.Client, content: bytes, status: int, code: str
    ) -> None:
        answer = user.post("/players", content=content, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/octet-stream", "application/json; charset=utf-16", "image/png"],
    )
    def test_of_another_type_is_415(self, user: httpx.Client, content_type: str) -> None:
        answer = user.post("/players", content=b"{}", headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")

    @pytest.mark.parametrize("mebibytes", [6, 8, 10, 11])
    def test_that_no_function_can_be_given_is_413_in_the_gateways_words(
        self, user: httpx.Client, mebibytes: int
    ) -> None:
        for content_type in ("application/json", "application/octet-stream"):
            headers = {"Content-Type": content_type}
            answer = user.post("/players", content=b" " * (mebibytes << 20), headers=headers)
            assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})

    def test_that_is_not_utf_8_is_refused_and_not_stored(self, user: httpx.Client) -> None:
        content = b'{"username": "Borders-02", "email": "b2@example.com", "display_name": "\xff\xfe"}'
        answer = user.post("/players", content=content, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")

    def test_with_letters_beyond_ascii_is_taken_and_given_back(self, user: httpx.Client) -> None:
        body = {"username": "Borders-01", "email": "borders@example.com", "display_name": "Ζωή 🎮"}
        made = user.post("/players", json=body)
        assert made.json()["data"]["display_name"] == "Ζωή 🎮"
        user.delete(f"/players/{made.json()['data']['player_id']}")


def test_a_method_that_is_not_served_is_405_with_those_that_are(api: httpx.Client) -> None:
    answer = api.patch("/players")
    assert (answer.status_code, names(answer.headers["allow"])) == (405, {"get", "head", "post"})


def test_head_of_a_path_that_is_not_served_is_404_without_a_body(api: httpx.Client) -> None:
    answer = api.head("/nothing")
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_callers_names_come_back_on_successes_and_problems(user: httpx.Client) -> None:
    sent = {"X-Correlation-Id": "build-7", "traceparent": TRACEPARENT}
    for path, status in (("/players", 200), ("/players/none", 404)):
        answer = user.get(path, headers=sent)
        assert answer.status_code == status
        assert {name: answer.headers[name] for name in sent} == sent


class TestAPageOfAnotherOrigin:
    def test_may_send_what_the_api_reads(self, api: httpx.Client) -> None:
        wanted = "authorization, content-type, idempotency-key, if-match, if-none-match, x-correlation-id"
        headers = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": wanted,
        }
        answer = api.options("/players/none", headers=headers)
        assert answer.is_success
        assert answer.headers["access-control-allow-origin"] in {"*", PAGE}
        assert names(wanted) <= names(answer.headers["access-control-allow-headers"])
        assert "put" in names(answer.headers["access-control-allow-methods"])

    @pytest.mark.parametrize("path", ["/players", "/players/none", "/no/such/path"])
    def test_may_read_what_the_api_tells(self, user: httpx.Client, path: str) -> None:
        headers: Any = user.get(path, headers={"Origin": PAGE}).headers
        assert headers["access-control-allow-origin"] in {"*", PAGE}
        told = names(headers["access-control-expose-headers"])
        assert {"etag", "link", "location", "retry-after", "x-request-id", "x-correlation-id"} <= told
