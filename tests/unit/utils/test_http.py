"""What a handler is given, and what the gateway gets back."""

import base64
from typing import Any

import pytest

from models.problems import FieldError
from utils.errors import (
    MalformedJSONException,
    NotFoundException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from utils.http import MAX_BODY_BYTES, Request, Response, problem, success
from utils.oauth_errors import InvalidRequestException
from utils.sandbox import DEFAULT

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def request(body: bytes | str = b"", content_type: str | None = JSON, **fields: Any) -> Request:
    headers = {} if content_type is None else {"content-type": content_type}
    raw = body.encode() if isinstance(body, str) else body
    return Request("POST", "/x", "r-1", headers={**headers, **fields.pop("headers", {})}, raw_body=raw)


def event(**fields: Any) -> dict[str, Any]:
    return {
        "routeKey": "PUT /players/{player_id}",
        "rawPath": "/players/7",
        "headers": {"X-Correlation-ID": "c-1", "content-type": "application/JSON; charset=UTF-8"},
        "queryStringParameters": {"a": "1,2"},
        "pathParameters": {"player_id": "7"},
        "requestContext": {
            "requestId": "r-1",
            "http": {"method": "PUT", "path": "/players/7"},
            "authorizer": {"lambda": {"sandbox": "ci-7", "sub": "s"}},
        },
        "body": '{"a": "é"}',
        "isBase64Encoded": False,
        **fields,
    }


class TestARequestOfTheGateway:
    def test_is_read_whole(self) -> None:
        read = Request.from_event(event())
        assert (read.method, read.path) == ("PUT", "/players/7")
        assert (read.request_id, read.correlation_id) == ("r-1", "c-1")
        assert read.path_parameters == {"player_id": "7"}
        assert read.query == {"a": "1,2"}
        assert read.media_type == JSON
        assert read.json() == {"a": "é"}

    @pytest.mark.parametrize(
        ("raw", "prefix", "path"),
        [
            ("/s/ci-7/players/7", "/s/ci-7", "/players/7"),
            ("/s/ci-7", "/s/ci-7", "/"),
            ("/s/ci-7/", "/s/ci-7", "/"),
            ("/.well-known/openid-configuration/s/ci-7", "/s/ci-7", "/.well-known/openid-configuration"),
            ("/s", "", "/s"),
            ("/s//players", "", "/s//players"),
            ("/players/s/ci-7", "", "/players/s/ci-7"),
        ],
    )
    def test_may_be_under_the_base_url_of_a_sandbox(self, raw: str, prefix: str, path: str) -> None:
        read = Request.from_event(event(rawPath=raw, pathParameters={"sandbox": "ci-7", "player_id": "7"}))
        assert (read.prefix, read.path, read.path_parameters) == (prefix, path, {"player_id": "7"})

    def test_has_the_query_as_it_was_sent(self) -> None:
        read = Request.from_event(event(rawQueryString="a=1&b=%C3%A9+&a=2&empty="))
        assert read.query_pairs() == [("a", "1"), ("b", "é "), ("a", "2")]

    @pytest.mark.parametrize("query", ["a=%ff", "a=\ud800", "&".join(f"a{n}=1" for n in range(101))])
    def test_with_a_query_that_cannot_be_read_is_refused(self, query: str) -> None:
        with pytest.raises(InvalidRequestException):
            Request.from_event(event(rawQueryString=query)).query_pairs()

    def test_has_its_cookies_beside_the_headers(self) -> None:
        read = Request.from_event(event(cookies=["one=1", "two=a=b"]))
        assert read.cookies == {"one": "1", "two": "a=b"}

    def test_may_have_its_cookies_among_the_headers(self) -> None:
        assert Request.from_event(event(headers={"Cookie": "one=1; two=2"})).cookies["two"] == "2"

    def test_may_be_encoded_in_base64(self) -> None:
        body = base64.b64encode('{"a": "é"}'.encode()).decode()
        assert Request.from_event(event(body=body, isBase64Encoded=True)).json() == {"a": "é"}

    def test_with_broken_base64_has_no_json(self) -> None:
        with pytest.raises(MalformedJSONException):
            Request.from_event(event(body="{}", isBase64Encoded=True)).json()

    def test_with_a_lone_surrogate_has_no_json(self) -> None:
        with pytest.raises(MalformedJSONException):
            Request.from_event(event(body='"\ud800"')).json()

    def test_that_says_next_to_nothing_is_of_the_default_sandbox(self) -> None:
        bare = Request.from_event(
            {"requestContext": {"http": {"method": "GET", "path": "/x"}, "authorizer": None}}
        )
        assert (bare.sandbox, bare.claims, bare.path, bare.raw_body) == (DEFAULT, {}, "/x", b"")


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/problem+json",
        "application/jsonp",
        f"{JSON}, {JSON}",
        f"{JSON}; charset=latin1",
        f"{JSON}; charset=utf-16",
        f"{JSON}; charset=utf-8; charset=latin1",
    ],
)
def test_a_body_that_is_not_json_by_its_type_is_refused(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaTypeException):
        request("{}", content_type).json()


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "Application/JSON",
        f'{JSON}; charset="utf-8"',
        f"{JSON};v=1; charset=UTF8",
        f"{JSON} ; Charset=utf-8;",
    ],
)
def test_a_body_that_is_json_by_its_type_is_read(content_type: str) -> None:
    assert request("{}", content_type).json() == {}


def test_a_body_may_have_64_kib_and_no_more() -> None:
    fits = b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"'
    assert len(request(fits).json()) == MAX_BODY_BYTES - 2
    with pytest.raises(PayloadTooLargeException):
        request(fits + b" ").json()


def test_a_body_of_no_json_is_refused() -> None:
    with pytest.raises(MalformedJSONException):
        request("").json()


class TestAForm:
    def test_is_a_mapping_without_the_empty_parameters(self) -> None:
        assert request("a=1&b=x+%C3%A9&c=", FORM).form() == {"a": "1", "b": "x é"}

    def test_may_be_had_as_it_was_sent(self) -> None:
        assert request("b=1&a=2&b=3&c=", FORM).form_pairs() == [("b", "1"), ("a", "2"), ("b", "3")]

    def test_with_a_repeated_parameter_is_refused(self) -> None:
        with pytest.raises(InvalidRequestException):
            request("a=1&a=1", FORM).form()

    @pytest.mark.parametrize(
        "body", [b"a=%ff", b"a=\xff", b"&".join(b"p%d=1" % number for number in range(101))]
    )
    def test_that_cannot_be_read_is_refused(self, body: bytes) -> None:
        with pytest.raises(InvalidRequestException):
            request(body, FORM).form()

    def test_must_say_that_it_is_one(self) -> None:
        with pytest.raises(UnsupportedMediaTypeException):
            request("a=1", JSON).form()


class TestAResponse:
    def test_has_its_body_as_json(self) -> None:
        assert Response(201, {"a": "é"}, {"X": "y"}).to_gateway() == {
            "statusCode": 201,
            "headers": {"X": "y", "Content-Type": JSON},
            "body": '{"a":"é"}',
            "isBase64Encoded": False,
        }

    def test_without_a_body_has_no_content_type(self) -> None:
        assert Response(204).to_gateway() == {"statusCode": 204, "headers": {}, "isBase64Encoded": False}

    def test_has_text_as_it_is(self) -> None:
        sent = Response(200, "<p>", media_type="text/html; charset=utf-8").to_gateway()
        assert (sent["body"], sent["headers"]["Content-Type"]) == ("<p>", "text/html; charset=utf-8")

    def test_sets_cookies_beside_its_headers(self) -> None:
        assert Response(204, cookies=("a=1", "b=2")).to_gateway()["cookies"] == ["a=1", "b=2"]
        assert "cookies" not in Response(204).to_gateway()

    def test_of_success_has_its_data_in_an_envelope(self) -> None:
        assert (
            success(request(), {"a": 1}).to_gateway()["body"]
            == '{"data":{"a":1},"meta":{"request_id":"r-1"}}'
        )


def test_a_problem_is_by_rfc_9457() -> None:
    answer = problem(request(), NotFoundException("Nothing is here."))
    assert answer.to_gateway()["headers"]["Content-Type"] == "application/problem+json"
    assert answer.to_gateway()["body"] == (
        '{"type":"urn:psn-emulator:error:not_found","title":"Not found","status":404,'
        '"detail":"Nothing is here.","instance":"/x","code":"not_found","request_id":"r-1"}'
    )


def test_a_validation_problem_lists_the_fields() -> None:
    body = problem(request(), ValidationException([FieldError("a", "missing", "Field required.")])).body
    assert body.errors == (FieldError("a", "missing", "Field required."),)


class TestBytesThatAreNotUTF8:
    """Of which the gateway makes U+FFFD."""

    def test_are_no_json(self) -> None:
        request = Request.from_event(
            {"body": '{"a": "\ufffd"}', "headers": {"content-type": "application/json"}}
        )
        with pytest.raises(MalformedJSONException):
            request.json()

    def test_are_no_form(self) -> None:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        with pytest.raises(InvalidRequestException):
            Request.from_event({"body": "a=\ufffd", "headers": headers}).form()

    @pytest.mark.parametrize("body", ['{"a": "\\ufffd"}', '"\\ufffd"'])
    def test_are_told_apart_from_a_character_that_is_meant(self, body: str) -> None:
        request = Request.from_event({"body": body, "headers": {"content-type": "application/json"}})
        assert "\ufffd" in str(request.json())
