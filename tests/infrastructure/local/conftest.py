"""A machine that has only what a test gives it, and a Docker engine that a test answers for."""

import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.tools import packages
from tests.infrastructure.local.fake_docker import FakeDocker
from tests.infrastructure.local.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine with nothing on its PATH."""
    packages.find_uv.cache_clear()
    yield Machine(tmp_path, monkeypatch)
    packages.find_uv.cache_clear()


@pytest.fixture
def docker_engine(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """A running Docker engine of this machine without an image, a container or a bridge."""
    with (
        TemporaryDirectory(prefix="psn-") as folder,
        FakeDocker(Path(folder) / "s", socket.gethostname()) as engine,
    ):
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield engine
