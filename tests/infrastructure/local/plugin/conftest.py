"""The served plugin, engines that speak to it, and a local AWS behind it."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infrastructure.local.plugin import serve
from infrastructure.tools import docker
from infrastructure.tools import engine as local_engine
from tests.infrastructure.local.plugin import local_aws
from tests.infrastructure.local.plugin.driver import Engine

if TYPE_CHECKING:
    from docker import DockerClient

_numbers = itertools.count(1)

type Run = Callable[[], Engine]
type Cloud = Callable[..., Any]


@pytest.fixture(scope="session")
def aws_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_aws.running(tmp_path_factory.mktemp("local-aws")) as url:
        yield url


@pytest.fixture(scope="session")
def docker_client() -> "DockerClient":
    """A client of the Docker engine, which is started, or installed and started, where there is none."""
    return docker.ensure().endpoint.client()


@pytest.fixture(scope="session")
def addresses() -> Iterator[dict[str, str]]:
    """Where each package is served, by its name."""
    with serve() as variables:
        served = (entry.split(":") for entry in variables["PULUMI_DEBUG_PROVIDERS"].split(","))
        yield {package: f"127.0.0.1:{port}" for package, port in served}


@pytest.fixture
def new_run(addresses: dict[str, str], aws_url: str) -> Iterator[Run]:
    """Begins an engine run against the local AWS."""
    begun: list[Engine] = []

    def begin() -> Engine:
        begun.append(Engine(addresses["aws"]))
        begun[-1].configure_aws(aws_url)
        return begun[-1]

    yield begin
    for engine in begun:
        engine.close()


@pytest.fixture
def engine(new_run: Run) -> Engine:
    return new_run()


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"test-{next(_numbers)}"


@pytest.fixture
def aws(aws_url: str) -> Cloud:
    """Someone who does things to the local AWS by hand: ``aws("ecr")`` is a client."""
    import boto3

    def client(service: str) -> Any:
        return boto3.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=aws_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return client


@pytest.fixture(scope="session")
def pulumi_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the Pulumi engine is ``bin/pulumi``; ``PSN_PULUMI`` names another than set-up's."""
    found = os.environ.get("PSN_PULUMI") or local_engine.resolve().path
    root = tmp_path_factory.mktemp("engine")
    (root / "bin").mkdir()
    (root / "bin" / "pulumi").symlink_to(Path(found).resolve())
    return root
