"""What is served here is answered, byte for byte, as the functions answer the tests' own gateway in the same moment of
the same data: good requests to every route, and good ones made wrong."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from routes import ROUTES, Route
from tests.serve.twin import Twin, difference
from tests.support.mutations import Mutations
from tests.support.sample_requests import Answered, SampleRequest, Values, good_values, samples
from tests.support.sample_sending import over_http
from tests.support.served import Served

REQUESTS = int(os.environ.get("REQUESTS", "150"))
SEED = int(os.environ.get("SEED", "7"))
ANEW = 50
"""Requests after which tokens, codes and sessions are had anew."""

type Compare = Callable[[SampleRequest], Answered]


@pytest.fixture(scope="module")
def send(served: Served) -> Callable[[SampleRequest], Answered]:
    """Sends requests to the server."""
    return over_http(served.url)


@pytest.fixture(scope="module")
def compare(
    served: Served, data: Path, send: Compare, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compare]:
    """Sends a request to both, and fails where the answers differ; the server's."""
    twin = Twin(served.url, data, tmp_path_factory.mktemp("twin"))

    def both(request: SampleRequest) -> Answered:
        expected = twin.send(request)
        answer = send(request)
        assert not (found := difference(answer, expected)), f"{request} was answered {found}"
        return answer

    with twin.at_work():
        yield both


@pytest.fixture(scope="module")
def values(send: Compare) -> Values:
    """What is good now."""
    return good_values(send, "admin", "admin123")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_good_request_is_answered_alike(compare: Compare, values: Values, route: Route) -> None:
    for request in samples(route, values):
        answer = compare(request)
        assert answer.status < 500


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scope], ids=lambda route: route.name)
def test_so_is_one_without_a_token_or_with_a_bad_one(compare: Compare, values: Values, route: Route) -> None:
    request = next(samples(route, values))
    for token in (None, "bad", f"{values.token}x"):
        assert compare(request.__class__(route, request.variables, token=token)).status in {401, 403}


def test_good_requests_made_wrong_are_answered_alike(compare: Compare, send: Compare) -> None:
    mutations = Mutations(SEED)
    for number in range(REQUESTS):
        if number % ANEW == 0:
            values = good_values(send, "admin", "admin123")
            good = {route: list(samples(route, values)) for route in ROUTES}
        route = ROUTES[number % len(ROUTES)]
        request = mutations.of(good[route][number // len(ROUTES) % len(good[route])])
        assert compare(request).status < 500


def test_what_no_row_serves_is_answered_alike(compare: Compare, client: httpx.Client) -> None:
    health = next(route for route in ROUTES if route.name == "healthz")
    for method, path in (
        ("GET", "/none"),
        ("PUT", "/players"),
        ("HEAD", "/healthz"),
        ("OPTIONS", "/players"),
    ):
        compare(SampleRequest(health._replace(method=method, path=path)))  # type: ignore[arg-type]
