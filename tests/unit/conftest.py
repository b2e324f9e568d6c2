"""Every unit test runs in the environment of a function."""

import pytest


@pytest.fixture(autouse=True)
def _environment(environment: None) -> None:
    """The environment of a function."""
