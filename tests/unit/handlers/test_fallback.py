"""Paths and methods that nothing serves."""

import re

import pytest

import routes
from tests.support.gateway import Gateway
from utils.settings import settings

ALLOWED = {
    "/": "GET, HEAD",
    "/healthz": "GET, HEAD",
    "/players": "GET, HEAD, POST",
    "/players/01890000-0000-7000-8000-000000000000": "DELETE, GET, HEAD, PUT",
    "/players/anything/stats": "GET, HEAD, POST",
    "/auth/token": "POST",
}


@pytest.mark.parametrize(
    "path", ["/nothing", "/players/", "/players/1/", "/players/1/stats/2", "//", "/Players", "/healthz/", ""]
)
def test_a_path_that_is_not_served_is_404(path: str) -> None:
    answer = Gateway().get(path)
    assert (answer.status, answer.code) == (404, "not_found")
    assert "allow" not in answer.headers


@pytest.mark.parametrize(("path", "allow"), ALLOWED.items())
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "PURGE"])
def test_a_method_that_is_not_served_is_405_and_names_those_that_are(
    method: str, path: str, allow: str
) -> None:
    answer = Gateway().send(method, path)
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize("route", routes.ROUTES, ids=lambda route: route.name)
def test_the_allowed_methods_of_a_path_are_those_of_its_routes(route: routes.Route) -> None:
    answer = Gateway().send("PATCH", route.path.replace("{player_id}", "x"))
    served: set[str] = {other.method for other in routes.ROUTES if _leads_to(other, route.path)}
    served |= {"HEAD"} if "GET" in served else set()
    assert (answer.status, answer.headers["allow"]) == (405, ", ".join(sorted(served)))


def _leads_to(route: routes.Route, path: str) -> bool:
    """Whether ``path`` is that of ``route``, or one of those that its parameters make."""
    return bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path), path))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_docs_with_a_slash_leads_to_docs(method: str, base_path: str) -> None:
    answer = Gateway().send(method, "/docs/")
    assert (answer.status, answer.headers["location"]) == (308, f"{base_path}/docs")


def test_docs_with_a_slash_is_404_where_there_are_no_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prod")
    settings.cache_clear()
    assert Gateway().get("/docs/").status == 404


def test_docs_with_a_slash_takes_no_other_method() -> None:
    assert Gateway().post("/docs/").status == 404


def test_a_dot_in_a_route_is_a_dot() -> None:
    assert Gateway().send("PATCH", "/xwell-known/jwks.json").status == 404
