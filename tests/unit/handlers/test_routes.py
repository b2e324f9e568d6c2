"""The whole route table, walked."""

import pytest

import main
import routes
from handlers.dispatch import Endpoint, entry_point
from tests.support.gateway import Context, Gateway
from utils.http import Request, Response

SCOPED = [route for route in routes.ROUTES if route.scope is not None]
EVERY = [*routes.ROUTES, routes.FALLBACK]
_HOUR = 3600


def _target(route: routes.Route) -> str:
    return route.path.replace("{player_id}", "01890000-0000-7000-8000-000000000000")


def named(name: str) -> routes.Route:
    return next(route for route in EVERY if route.name == name)


def _names(route: routes.Route) -> str:
    return route.name


def test_names_and_keys_are_unique() -> None:
    assert len({route.name for route in EVERY}) == len({route.key for route in EVERY}) == len(EVERY)


@pytest.mark.parametrize("route", EVERY, ids=_names)
def test_every_entry_point_loads(route: routes.Route) -> None:
    assert callable(getattr(main, route.entry))


def test_a_name_that_is_no_entry_point_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = main.nothing_here


@pytest.mark.parametrize("route", SCOPED, ids=_names)
class TestNoRouteWithAScopeEscapesLiveness:
    def test_an_expired_token_is_refused(self, route: routes.Route, api: Gateway) -> None:
        self._refused(route, Gateway({**api.claims, "exp": api.claims["exp"] - _HOUR}))

    def test_a_token_of_the_future_is_refused(self, route: routes.Route, api: Gateway) -> None:
        self._refused(route, Gateway({**api.claims, "nbf": api.claims["nbf"] + _HOUR}))

    def test_a_token_of_no_known_family_is_refused(self, route: routes.Route, api: Gateway) -> None:
        self._refused(route, Gateway({**api.claims, "jti": "another.1"}))

    @pytest.mark.usefixtures("api")
    def test_a_route_without_its_authorizer_is_closed(self, route: routes.Route) -> None:
        self._refused(route, Gateway({}))

    def test_the_handler_does_not_run(self, route: routes.Route, api: Gateway) -> None:
        ran: list[str] = []

        def handler(request: Request) -> Response:
            ran.append(request.path)
            return Response()

        event, _ = Gateway({**api.claims, "exp": 1}).event(route.method, _target(route))
        assert entry_point(Endpoint(route, handler))(event, Context())["statusCode"] == 401
        assert ran == []

    @staticmethod
    def _refused(route: routes.Route, gateway: Gateway) -> None:
        answer = gateway.send(route.method, _target(route), body={})
        assert answer.status == 401
        assert answer.code == "invalid_token"
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_every_player_route_has_a_scope() -> None:
    players = [route for route in routes.ROUTES if route.path.startswith("/players")]
    for route in players:
        assert route.scope is not None, route.name
        assert route.scope.endswith(":read" if route.method == "GET" else ":write"), route.name


def test_a_request_reaches_the_handler_that_its_row_names(api: Gateway) -> None:
    seen: list[Request] = []

    def handler(request: Request) -> Response:
        seen.append(request)
        return Response(204)

    event, _ = api.event("GET", "/players?limit=5")
    entry_point(Endpoint(named("players-list"), handler))(event, Context())
    assert [(request.method, request.path, dict(request.query)) for request in seen] == [
        ("GET", "/players", {"limit": "5"})
    ]
