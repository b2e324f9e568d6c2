"""Every unit test runs in the environment of a function."""

import pytest

from tests.support.gateway import open_session
from tests.support.rules.api import Api
from utils.settings import settings


@pytest.fixture(autouse=True)
def _environment(environment: None) -> None:
    """The environment of a function."""


@pytest.fixture
def base_path(environment: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an API whose base has a path, as that of a local stack does."""
    url = "http://localhost:4566/_aws/execute-api/psn-local/$default"
    monkeypatch.setenv("ISSUER", url)
    settings.cache_clear()
    return url


@pytest.fixture
def caller(the_table: str) -> Api:
    """The API in process."""
    return Api(open_session())
