"""What every answer of every route carries, whether it is a success or not."""

import pytest

import routes
from tests.conftest import Log
from tests.support import identity
from tests.support.gateway import Gateway
from tests.support.players import NOBODY, body, made

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PUBLIC = {"jwks", "stack-keys", "openid-configuration", "oauth-authorization-server", "openapi", "docs-file"}
ROUTES = [*routes.ROUTES, routes.FALLBACK]


@pytest.fixture(autouse=True)
def _provider(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the identity routes read."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry())


def target(api: Gateway, route: routes.Route, found: bool) -> str:
    """A path of the route, about a player that there is or not."""
    player_id = made(api)["player_id"] if found else NOBODY
    return route.path.replace("{player_id}", player_id).replace("{file}", "docs.css")


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
class TestEveryRoute:
    def test_answers_with_the_common_headers(self, api: Gateway, route: routes.Route, found: bool) -> None:
        answer = api.send(route.method, target(api, route, found))
        assert answer.status < 500
        assert answer.headers["x-request-id"].startswith("request-")
        assert answer.headers["x-content-type-options"] == "nosniff"
        kept = "private, no-cache" if "etag" in answer.headers else "no-store"
        assert answer.headers["cache-control"] == ("public, max-age=300" if route.name in PUBLIC else kept)
        assert ("content-type" in answer.headers) == bool(answer.text)

    def test_takes_the_callers_names_to_the_log_and_back(
        self, api: Gateway, log: Log, route: routes.Route, found: bool
    ) -> None:
        names = {"x-correlation-id": "build-7", "traceparent": TRACEPARENT}
        answer = api.send(route.method, target(api, route, found), headers=names)
        assert {name: answer.headers[name] for name in names} == names
        line = log.lines()[-1]
        assert (line["message"], line["request_id"]) == ("answered", answer.headers["x-request-id"])
        assert (line["correlation_id"], line["traceparent"]) == tuple(names.values())


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize(
    "route", [route for route in routes.ROUTES if route.method == "GET"], ids=lambda route: route.name
)
def test_head_is_answered_as_get_is_but_without_a_body(
    api: Gateway, route: routes.Route, found: bool
) -> None:
    path = target(api, route, found)
    get, head = (api.send(method, path) for method in ("GET", "HEAD"))
    assert (head.status, head.text) == (get.status, "")
    own = {"x-request-id": get.headers["x-request-id"]}
    assert {**head.headers, **own} == get.headers


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/auth/token", 405)])
def test_head_is_refused_without_a_body_where_get_is(path: str, status: int) -> None:
    head = Gateway().send("HEAD", path)
    assert (head.status, head.text) == (status, "")
    assert head.headers["content-type"] == "application/problem+json"
    assert head.headers.get("allow") == (None if status == 404 else "POST")


def test_head_of_what_the_caller_has_is_304(api: Gateway) -> None:
    path = f"/players/{made(api)['player_id']}"
    etag = api.get(path).headers["etag"]
    assert api.send("HEAD", path, headers={"if-none-match": etag}).status == 304


def test_head_needs_a_token_that_is_alive_as_get_does() -> None:
    assert Gateway().send("HEAD", "/players").status == 401


def test_an_answer_without_a_body_carries_them_too(api: Gateway) -> None:
    answer = api.delete(f"/players/{made(api)['player_id']}")
    assert (answer.status, answer.text) == (204, "")
    assert {"x-request-id", "x-content-type-options", "cache-control"} <= answer.headers.keys()


def test_two_requests_have_two_ids(api: Gateway) -> None:
    first, second = (api.post("/players", body(name)) for name in ("kratos", "atreus"))
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
