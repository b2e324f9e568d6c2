"""The digest of a base image, as its registry gives it to anybody."""

import requests
from dxf import DXF, DXFBase
from dxf.exceptions import DXFError

from infrastructure.errors import DeployError

_DOCKER_HUB = "docker.io"
_DOCKER_HUBS_REGISTRY = "registry-1.docker.io"
_LOOPBACK = ("localhost", "127.0.0.1")
"""The hosts whose registries Docker asks over http."""
_SILENT_SECONDS = 30


def published_digest(image: str) -> str:
    """The digest that the tag of ``image`` has at its registry now, ``sha256:`` and 64 hexadecimal digits; of an image
    for several platforms that of the list of them. Nothing is pulled.

    Raises ``DeployError`` when the registry does not answer, refuses, or has no such image.
    """
    from docker.auth import resolve_repository_name
    from docker.utils import parse_repository_tag

    name, tag = parse_repository_tag(image)
    host, path = resolve_repository_name(name)
    server = host
    if host == _DOCKER_HUB:
        server, path = _DOCKER_HUBS_REGISTRY, path if "/" in path else f"library/{path}"
    insecure = host.partition(":")[0] in _LOOPBACK
    try:
        with DXF(server, path, _anonymous, insecure=insecure, timeout=_SILENT_SECONDS) as repository:
            digest = repository.head_manifest_and_response(tag or "latest")[0]
    except (requests.RequestException, DXFError) as error:
        raise DeployError(
            f"The registry {server} does not tell the digest of {image}: {' '.join(str(error).split())}.",
            "Check the network and psn-emulator:base_image, then run this again.",
        ) from error
    if not digest:
        raise DeployError(f"The registry {server} gives {image} no digest.", "Name another base image.")
    return str(digest)


def _anonymous(repository: DXFBase, refused: requests.Response) -> None:
    repository.authenticate(response=refused)
