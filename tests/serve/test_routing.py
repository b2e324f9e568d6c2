"""Which route the gateway of this machine chooses."""

import pytest

from routes import FALLBACK, ROUTES, Route
from serve.routing import Router, decoded
from tests.support.gateway import Gateway

ROUTER = Router(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_key_of_the_table_leads_to_its_route(route: Route) -> None:
    for key in route.keys:
        method, _, path = key.partition(" ")
        target = path.replace("{", "<").replace("}", ">")
        found = ROUTER.find(method, target)
        event, expected = Gateway().event(method, target)
        assert (found.route, found.key) == (expected, event["routeKey"]) == (route, key)
        assert dict(found.parameters) == event.get("pathParameters", {})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/none"),
        ("PATCH", "/players"),
        ("GET", "/players/"),
        ("GET", "/players/a/b/c"),
        ("GET", ""),
        ("OPTIONS", "/players"),
        ("get", "/players"),
    ],
)
def test_what_no_row_has_goes_to_the_default_route(method: str, path: str) -> None:
    assert ROUTER.find(method, path or "/x//y") == (FALLBACK, "$default", {})


def test_extra_slashes_before_a_path_do_not_count() -> None:
    assert ROUTER.find("GET", "///players").key == "GET /players"


def test_a_segment_that_is_no_parameter_comes_first() -> None:
    rows = [route for route in ROUTES if route.name in {"players-get", "players-list"}]
    literal = rows[0]._replace(name="literal", path="/players/top")
    for order in ([*rows, literal], [literal, *rows]):
        router = Router(order)
        assert router.find("GET", "/players/top").route is literal
        assert router.find("GET", "/players/other").route.path == "/players/{player_id}"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/plain", "/plain"),
        ("/s/a%2Fb", "/s/a/b"),
        ("/%C3%A9", "/é"),
        ("/a%252Eb", "/a%252Eb"),
        ("/%41%25%42", "/A%25B"),
        ("/%FF", "/\ufffd"),
        ("/%zz%", "/%zz%"),
    ],
)
def test_a_path_is_told_as_the_gateway_decodes_it(raw: str, path: str) -> None:
    assert decoded(raw) == path
