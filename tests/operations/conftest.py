"""One deployed stack for what may be done to it while it runs; the other tests here have stacks of their own."""

from collections.abc import Iterator

import pytest

from tests.e2e.deployed import api, deployment, outputs, tokens, url, user
from tests.support.checkout import FEW_ROUTES, Checkout, checkout_in

__all__ = ["api", "deployed", "outputs", "tokens", "url", "user"]


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose stack is deployed."""
    checkout = checkout_in(tmp_path_factory.mktemp("roles"), "local-roles")
    checkout.keep_routes(*FEW_ROUTES)
    with deployment(checkout):
        yield checkout
