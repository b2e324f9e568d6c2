"""One server for the tests of a process."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from tests.support.served import Served, serving

USER = {"username": "testuser", "password": "password123"}
NAME = "emulator:8080"
"""What the server is called besides."""


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """The folder of the server's data, in memory where that can be: each write is brought to the disk, which may be
    busy."""
    memory = Path("/dev/shm")  # noqa: S108
    with TemporaryDirectory(prefix="served-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def served(data: Path) -> Iterator[Served]:
    """The API, served with what a local stack begins with."""
    names = ("--issuer-host", NAME)
    with serving("--workers", "2", "--log-level", "ERROR", "--data", str(data), *names) as server:
        yield server


@pytest.fixture(scope="session")
def token(served: Served) -> str:
    """An access token of the documented user."""
    answer = httpx.post(f"{served.url}/auth/token", json=USER)
    access_token: str = answer.raise_for_status().json()["access_token"]
    return access_token


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """A client of the server, without a token."""
    with httpx.Client(base_url=served.url, timeout=60) as one:
        yield one


@pytest.fixture
def user(served: Served, token: str) -> Iterator[httpx.Client]:
    """A client of the server with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=served.url, timeout=60, headers=headers) as one:
        yield one
