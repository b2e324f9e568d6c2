"""The one place between Lambda and the handlers."""

from collections.abc import Callable
from copy import replace
from typing import Any

import pytest

from handlers import dispatch
from handlers.dispatch import Endpoint, entry_point
from models.problems import FieldError
from routes import ROUTES
from tests.conftest import ENVIRONMENT, Log
from tests.support.embedded_metrics import metrics_in
from tests.support.gateway import Answer, Context, Gateway
from utils import table
from utils.errors import NotFoundException, ThrottledException, ValidationException
from utils.http import Request, Response
from utils.oauth_errors import InvalidGrantException
from utils.settings import SettingsError, settings
from utils.stores import dynamodb
from utils.table import ConditionFailedError
from utils.writes import Key, Put

ROOT, LISTING = (next(route for route in ROUTES if route.name == name) for name in ("root", "players-list"))
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def call(handler: Callable[[Request], Response], name: str = "root", **event: Any) -> Answer:
    sent = {
        "rawPath": "/x",
        "headers": {},
        "requestContext": {"requestId": "r-1", "http": {"method": "GET", "path": "/x"}},
        **event,
    }
    answer = entry_point(Endpoint(replace(ROOT, name=name), handler))(sent, Context())
    lower = {key.lower(): value for key, value in answer["headers"].items()}
    return Answer(answer["statusCode"], lower, answer.get("body", ""))


def answering(response: Response) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        return response

    return handler


def raising(error: Exception) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        raise error

    return handler


class TestEveryAnswer:
    @pytest.mark.parametrize(
        "handler",
        [
            answering(Response(200, {"a": 1})),
            answering(Response(204)),
            raising(NotFoundException()),
            raising(InvalidGrantException()),
            raising(RuntimeError()),
        ],
    )
    def test_has_the_common_headers(self, handler: Callable[[Request], Response]) -> None:
        headers = call(handler).headers
        assert headers["x-request-id"] == "r-1"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"

    def test_takes_the_callers_correlation_id_and_traceparent_back(self) -> None:
        sent = {"X-Correlation-Id": "c-1", "traceparent": TRACEPARENT}
        headers = call(answering(Response()), headers=sent).headers
        assert headers["x-correlation-id"] == "c-1"
        assert headers["traceparent"] == TRACEPARENT

    def test_has_neither_when_the_caller_sent_none(self) -> None:
        assert not {"x-correlation-id", "traceparent"} & call(answering(Response())).headers.keys()

    def test_keeps_what_the_handler_says_of_caching(self) -> None:
        headers = call(answering(Response(headers={"Cache-Control": "public, max-age=300"}))).headers
        assert headers["cache-control"] == "public, max-age=300"

    def test_with_an_entity_tag_may_be_kept_but_has_to_be_asked_about(self) -> None:
        headers = call(answering(Response(headers={"ETag": '"7"'}))).headers
        assert headers["cache-control"] == "private, no-cache"

    def test_is_one_line_of_the_log(self, log: Log) -> None:
        sent = {"x-correlation-id": "c-1", "traceparent": TRACEPARENT}
        call(answering(Response(201)), headers=sent)
        (line,) = log.lines()
        assert line["message"] == "answered"
        assert (line["request_id"], line["correlation_id"], line["traceparent"]) == (
            "r-1",
            "c-1",
            TRACEPARENT,
        )
        assert (line["status"], line["method"], line["route"], line["sandbox"]) == (
            201,
            "GET",
            "GET /",
            "default",
        )
        assert (line["function"], line["image_tag"]) == ("root", ENVIRONMENT["IMAGE_TAG"])
        assert line["release"] == ENVIRONMENT["RELEASE"]
        assert line["function_request_id"] == "lambda-request"
        assert line["duration_ms"] >= 0

    @pytest.mark.parametrize(
        ("handler", "measured"),
        [
            (answering(Response(201)), {"Requests": "201"}),
            (raising(InvalidGrantException()), {"Requests": "400", "Denials": "invalid_grant"}),
            (raising(ThrottledException()), {"Requests": "429", "Denials": "throttled"}),
            (raising(NotFoundException()), {"Requests": "404"}),
            (raising(RuntimeError()), {"Requests": "500", "ServerErrors": "root"}),
        ],
    )
    def test_is_measured_in_its_line(
        self, handler: Callable[[Request], Response], measured: dict[str, str], log: Log
    ) -> None:
        call(handler)
        found = metrics_in(log.lines()[-1])
        assert found.pop("ColdStarts") == (1, {"Function": "root"})
        latency, dimensions = found.pop("Latency")
        assert (latency >= 0, dimensions) == (True, {"Route": "root"})
        assert {name: [*of.values()][-1] for name, (_, of) in found.items()} == measured
        assert found["Requests"] == (1, {"Route": "root", "Status": measured["Requests"]})

    def test_says_in_the_log_whether_its_function_had_just_started(self, log: Log) -> None:
        entry = entry_point(Endpoint(ROOT, answering(Response())))
        for _ in range(2):
            entry({"requestContext": {"http": {"method": "GET", "path": "/"}}}, Context())
        assert [line["cold_start"] for line in log.lines()] == [True, False]

    @pytest.mark.usefixtures("the_table")
    def test_lists_the_calls_of_aws_of_its_own_request(self, log: Log) -> None:
        def reading(request: Request) -> Response:
            table.get(("a", "b"))
            return Response(204)

        call(reading)
        call(answering(Response(204)))
        read, unread = log.lines()
        [[operation, began, took]] = read["calls"]
        assert operation == "get_item"
        assert 0 <= began <= began + took <= read["duration_ms"] + 0.2
        assert "calls" not in unread

    def test_keeps_one_requests_keys_out_of_the_next_ones_line(self, log: Log) -> None:
        call(answering(Response()), headers={"traceparent": TRACEPARENT, "x-correlation-id": "c-1"})
        call(answering(Response()))
        _, second = log.lines()
        assert "traceparent" not in second
        assert second["correlation_id"] == second["request_id"]


class TestAnException:
    def test_of_ours_is_a_problem(self) -> None:
        answer = call(raising(ThrottledException(retry_after_seconds=7)))
        assert (answer.status, answer.code) == (429, "throttled")
        assert answer.headers["retry-after"] == "7"
        assert answer.json()["request_id"] == "r-1"
        assert answer.json()["instance"] == "/x"
        assert "errors" not in answer.json()

    def test_of_validation_lists_the_fields(self) -> None:
        answer = call(raising(ValidationException([FieldError("a", "missing", "Field required.")])))
        assert (answer.status, answer.code) == (422, "validation_error")
        assert answer.json()["errors"] == [{"field": "a", "code": "missing", "message": "Field required."}]

    def test_of_oauth_speaks_as_its_rfc_does(self) -> None:
        answer = call(raising(InvalidGrantException("It expired.", headers={"Pragma": "no-cache"})))
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["pragma"] == "no-cache"
        assert answer.json() == {"error": "invalid_grant", "error_description": "It expired."}

    @pytest.mark.parametrize(
        "handler",
        [
            raising(KeyError("secret detail")),
            raising(ConditionFailedError([1])),
            answering(Response(200, object())),
        ],
    )
    def test_of_no_ones_is_a_500_that_tells_nothing(
        self, handler: Callable[[Request], Response], log: Log
    ) -> None:
        answer = call(handler)
        assert (answer.status, answer.code) == (500, "internal_error")
        assert answer.json()["request_id"] == "r-1"
        for secret in ("secret detail", "KeyError", "TypeError", "condition", "Traceback"):
            assert secret not in answer.text
        (trace,) = [line for line in log.lines() if "exception" in line]
        assert trace["level"] == "ERROR"
        assert "Traceback" in trace["exception"]
        assert trace["request_id"] == "r-1"


class TestPrefetching:
    def test_gives_the_handler_the_items_it_declared(self, api: Gateway) -> None:
        key, seen = ("default#thing", "-"), []
        table.write(Put({"pk": key[0], "sk": key[1], "n": 1}))

        def keys(sandbox: str) -> list[Key]:
            return [key]

        def handler(request: Request) -> Response:
            seen.append(request.items[key]["n"])
            return Response()

        event, _ = api.event("GET", "/players")
        assert entry_point(Endpoint(LISTING, handler, prefetch=keys))(event, Context())["statusCode"] == 200
        assert (
            entry_point(Endpoint(replace(LISTING, scope=None), handler, prefetch=keys))(event, Context())[
                "statusCode"
            ]
            == 200
        )
        assert seen == [1, 1]

    @pytest.mark.usefixtures("dynamodb_table")
    def test_and_liveness_are_one_read(self, api: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        call_table = dynamodb._call

        def counted(operation: str, **arguments: Any) -> Any:
            calls.append(operation)
            return call_table(operation, **arguments)

        monkeypatch.setattr(dynamodb, "_call", counted)
        assert api.get("/players/01890000-0000-7000-8000-000000000000/stats").status == 404
        assert calls == ["batch_get_item"]

    def test_is_not_asked_of_a_handler_that_declares_nothing(self) -> None:
        assert call(lambda request: Response(200, {"n": len(request.items)})).json() == {"n": 0}


class TestStartingAFunction:
    def test_imports_what_its_row_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        imported: list[str] = []
        monkeypatch.setattr(dispatch, "import_module", imported.append)
        Endpoint.load(replace(ROOT, preload=("one", "two")))
        assert imported == ["one", "two"]

    def test_fails_when_its_environment_is_incomplete(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TABLE_NAME")
        settings.cache_clear()
        with pytest.raises(SettingsError, match="TABLE_NAME is missing"):
            entry_point(Endpoint(ROOT, answering(Response())))


def test_only_true_is_a_smoke_event() -> None:
    assert call(answering(Response(204)), smoke="true").status == 204
