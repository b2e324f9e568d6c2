"""One deployed stack for all that release to it; of few functions, for their containers are what takes long."""

from collections.abc import Iterator

import pytest

from tests.e2e.deployed import api, deployment, outputs, tokens, url, user
from tests.support.checkout import FEW_ROUTES, SHARED, Checkout, checkout_in

__all__ = ["api", "deployed", "fresh", "outputs", "tokens", "url", "user"]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that was never deployed."""
    checkout = checkout_in(tmp_path_factory.mktemp("fresh"), "local-fresh")
    checkout.keep_routes(*FEW_ROUTES)
    checkout.share_functions(SHARED)
    return checkout


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose stack is deployed."""
    checkout = checkout_in(tmp_path_factory.mktemp("releases"), "local-releases")
    checkout.keep_routes(*FEW_ROUTES)
    checkout.share_functions(SHARED)
    with deployment(checkout):
        yield checkout
