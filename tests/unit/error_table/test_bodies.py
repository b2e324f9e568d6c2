"""What is wrong with a body, and the answer that it has on every route that reads one."""

import json
from typing import Any

import pytest

import routes
from tests.unit.error_table.conftest import GOOD, INVALID, READING, Send, problem

NO_JSON = {
    "nothing": "",
    "half an object": "{",
    "a bare word": "kratos",
    "single quotes": "{'outcome': 'win'}",
    "a comma too many": '{"outcome": "win",}',
    "two values": '{"outcome": "win"} {}',
    "a name twice": '{"outcome": "win", "outcome": "loss"}',
    "a name twice further in": '{"trophies": {"gold": 1, "gold": 2}}',
    "NaN": '{"score": NaN}',
    "Infinity": '{"score": Infinity}',
    "minus Infinity": '{"score": -Infinity}',
    "a number beyond a double": '{"score": 1e999}',
    "5,000 digits": f'{{"score": {"9" * 5_000}}}',
    "30,000 arrays in each other": "[" * 30_000 + "]" * 30_000,
    "10,000 objects in each other": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "half a surrogate pair": '{"username": "\\ud800"}',
    "no UTF-8": b'{"username": "\xff"}',
    "a surrogate in UTF-8": b'{"username": "\xed\xa0\x80"}',
    "UTF-8 with a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
}
NO_JSON_TYPE = (
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/merge-patch+json",
    "application/json, application/json",
    "application/json; charset=latin-1",
)


def sent_json(text: str | bytes) -> dict[str, Any]:
    return {"raw": text, "headers": {"content-type": "application/json"}}


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
class TestABody:
    @pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON.keys())
    def test_that_is_not_json_is_400(self, send: Send, route: routes.Route, text: str | bytes) -> None:
        details = problem(send(route, **sent_json(text)), 400, "malformed_json")
        assert details["detail"] == "The body is not valid JSON."

    @pytest.mark.parametrize("content_type", NO_JSON_TYPE)
    def test_of_another_type_is_415(self, send: Send, route: routes.Route, content_type: str | None) -> None:
        headers = {} if content_type is None else {"content-type": content_type}
        problem(send(route, raw="{}", headers=headers), 415, "unsupported_media_type")

    @pytest.mark.parametrize("filler", [" ", b" "])
    def test_over_the_limit_of_its_route_is_413(
        self, send: Send, route: routes.Route, filler: str | bytes
    ) -> None:
        problem(send(route, **sent_json(filler * (route.max_body + 1))), 413, "payload_too_large")

    @pytest.mark.parametrize("value", INVALID.values(), ids=INVALID.keys())
    def test_with_invalid_fields_is_422(self, send: Send, route: routes.Route, value: Any) -> None:
        details = problem(send(route, **sent_json(json.dumps(value))), 422, "validation_error")
        assert details["errors"]
        for fault in details["errors"]:
            assert fault.keys() == {"field", "code", "message"}
            assert all(fault.values())

    @pytest.mark.parametrize("content_type", ["application/json", 'Application/JSON; charset="UTF-8"'])
    @pytest.mark.parametrize("encoded", [False, True])
    def test_in_order_is_taken_in_every_form_that_json_comes_in(
        self, send: Send, route: routes.Route, content_type: str, encoded: bool
    ) -> None:
        text = json.dumps(GOOD[route.name])
        raw = text.encode() if encoded else text
        assert (
            send(route, raw=raw, headers={"content-type": content_type, "accept": "text/html"}).status < 300
        )


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
def test_every_invalid_field_is_listed(send: Send, route: routes.Route) -> None:
    wrong = {name: [] for name in GOOD[route.name]} | {"more": 1, "even-more": {}}
    details = problem(send(route, body=wrong), 422, "validation_error")
    assert {fault["field"] for fault in details["errors"]} == wrong.keys()
