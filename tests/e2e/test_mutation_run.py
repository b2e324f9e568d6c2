"""A deployed stack under good requests made wrong in every place: nothing is answered with 5xx.

``make test`` sends some, ``make test-fuzz`` 5,000 and more, by its seed.
"""

import os
import sys
from collections import Counter
from typing import Any

import httpx
import pytest

import routes
from tests.support.checkout import Checkout
from tests.support.mutations import Mutations
from tests.support.sample_requests import good_values, samples
from tests.support.sample_sending import over_http

LONG = "REQUESTS" in os.environ
REQUESTS = max(5_000, int(os.environ["REQUESTS"]) // 2) if LONG else 150
SEED = int(os.environ.get("SEED", "7"))
ANEW = 100
"""Requests after which tokens, codes and sessions are had anew, and other examples are begun with."""


def unlock(deployed: Checkout, table: str) -> None:
    """Forget whose password or secret was wrong, so that the others here can log in."""
    dynamodb = deployed.client("dynamodb")
    users, clients = ("testuser", "admin"), ("demo-backend", "demo-service")
    for partition in (
        *(f"login#{user}" for user in users),
        *(f"client-login#{client}" for client in clients),
    ):
        items = dynamodb.query(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"default#{partition}"}},
        )["Items"]
        for item in items:
            dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


@pytest.fixture(scope="module")
def statuses(deployed: Checkout, outputs: dict[str, Any], url: str) -> Counter[tuple[str, int]]:
    """How often each route gave each answer; fails with the first request that is answered with 5xx."""
    mutations, send = Mutations(SEED), over_http(url)
    found: Counter[tuple[str, int]] = Counter()
    for number in range(REQUESTS):
        if number % ANEW == 0:
            unlock(deployed, outputs["table_name"])
            values = good_values(send, "admin", "admin123")
            good = {route: list(samples(route, values)) for route in routes.ROUTES}
        route = routes.ROUTES[number % len(routes.ROUTES)]
        request = mutations.of(good[route][number // len(routes.ROUTES) % len(good[route])])
        try:
            answer = send(request)
        except httpx.TransportError as error:
            pytest.fail(f"request {number} of seed {SEED} was not answered: {error!r}: {request}")
        assert answer.status < 500, f"request {number} of seed {SEED}: {request} was answered {answer}"
        found[route.key, answer.status] += 1
    unlock(deployed, outputs["table_name"])
    sys.stderr.write(f"\nmutations, seed {SEED}: {dict(found)}\n")
    return found


def test_nothing_is_answered_with_5xx(statuses: Counter[tuple[str, int]]) -> None:
    assert statuses.total() == REQUESTS


def test_every_route_is_asked_and_more_than_refused(statuses: Counter[tuple[str, int]]) -> None:
    asked = {key for key, _ in statuses}
    assert asked == {route.key for route in routes.ROUTES}
    assert any(status < 400 for _, status in statuses)
