"""A login in process, against the one argon2id verification that it cannot do without."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from argon2 import PasswordHasher
from moto import mock_aws

import main
from tests import identity
from tests.bench import log
from tests.bench.measure import Contestants, timed
from tests.conftest import ENVIRONMENT, create_table
from tests.gateway import Context, Gateway


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``POST /auth/token`` from the function's event to its answer, the table in process by moto."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    password_hash = str(identity.seed_entry()["password_hash"])
    body = {"username": identity.USERNAME, "password": identity.PASSWORD}

    def login() -> None:
        assert function(event, Context())["statusCode"] == 200

    def verify() -> None:
        assert hasher.verify(password_hash, identity.PASSWORD)

    with patch.dict(os.environ, ENVIRONMENT), mock_aws():
        identity.forget()
        create_table()
        identity.store_keys(identity.KEY)
        identity.store_seed(identity.seed_entry())
        function = main.auth_token
        event, _ = Gateway().event("POST", "/auth/token", body=body)
        with log.discarded():
            yield timed(login), timed(verify)
    identity.forget()
