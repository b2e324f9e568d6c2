"""Good requests made wrong in every place, over all routes: nothing is answered with 5xx, nor otherwise than described.

``tests/e2e/test_mutation_run.py`` sends more of them to a deployed stack.
"""

import pytest

import routes
from tests.conftest import restore_items, stored_items
from tests.support import identity
from tests.support.gateway import Gateway
from tests.support.mutations import Mutations
from tests.support.sample_requests import good_values, samples
from tests.support.sample_sending import in_process, store_local_seed

REQUESTS = 80
"""To each route."""
ANEW = 40
"""Requests after which tokens, codes and sessions are had anew, with the table as it was."""


@pytest.fixture(autouse=True)
def _provider(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions, over the seed of ``local``, where nobody is locked out."""
    monkeypatch.setenv("LOCKOUT_FAILURES", "1000000")
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    store_local_seed()


@pytest.mark.parametrize("route", routes.ROUTES, ids=lambda route: str(route.name))
def test_a_good_request_made_wrong_is_answered_as_described(route: routes.Route) -> None:
    mutations = Mutations(seed=len(route.name))
    before = stored_items()
    for number in range(REQUESTS):
        if number % ANEW == 0:
            restore_items(before)
            good = list(samples(route, good_values(in_process, "admin", "admin123")))
        request = mutations.of(good[number % len(good)])
        answer = in_process(request)
        assert answer.status < 500, f"{request} was answered {answer}"


def test_so_is_what_no_route_serves() -> None:
    for target in ("/%00", "/\ud800", "/players/a/b/c", "/" + "a" * 9_000, "//", "/players/"):
        assert Gateway().get(target).status in {404, 405}
