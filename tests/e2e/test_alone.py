"""The image of the deployed functions, started to serve alone."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from infrastructure.tools import docker
from psn_partner_emulator.testing import Emulator

PUBLIC = "http://partner.test:8080"


@pytest.fixture
def alone(outputs: dict[str, Any]) -> Iterator[str]:
    """The URL of a container of the image, which is given nothing else; its callers know it by another name."""
    with closing(docker.endpoint().client()) as engine:
        container = engine.containers.run(
            outputs["image_uri"],
            ["serve", "--workers", "1", "--public-url", PUBLIC],
            detach=True,
            ports={"8080/tcp": ("127.0.0.1", 0)},
        )
        try:
            assert next(container.logs(stream=True)).startswith(f"Serving {PUBLIC} ".encode())
            container.reload()
            [place] = container.ports["8080/tcp"] or []
            yield f"http://127.0.0.1:{place['HostPort']}"
        finally:
            container.remove(force=True)


def test_the_image_serves_without_a_stack(alone: str, outputs: dict[str, Any]) -> None:
    assert httpx.get(f"{alone}/healthz").json()["image_tag"] == outputs["image_tag"]
    sandbox = Emulator(alone).fresh()
    sandbox.declare()
    token = sandbox.token()
    players = httpx.get(f"{sandbox.base_url}/players", headers={"Authorization": f"Bearer {token}"})
    assert players.json()["data"] == []
    assert sandbox.order()["claims"]["iss"] == f"{PUBLIC}/s/{sandbox.name}"
