"""Image references, and the registry of the local AWS."""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from infrastructure.local.plugin.aws.configuration import is_loopback
from infrastructure.local.plugin.errors import PluginError
from infrastructure.tools import credentials

_SECONDS: Final = 10
_MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


@dataclass(frozen=True)
class Reference:
    """The parts of ``localhost:4566/players:20250101``; ``repository`` includes the registry's host and port."""

    repository: str
    tag: str

    @property
    def server(self) -> str:
        """The registry's host and port; empty where the reference names none."""
        host, slash, _ = self.repository.partition("/")
        return host if slash and ("." in host or ":" in host or host == "localhost") else ""

    @property
    def path(self) -> str:
        """The repository's name in its registry."""
        return self.repository.removeprefix(f"{self.server}/")


def parse_reference(name: str) -> Reference:
    """The parts of ``name``; the tag is ``latest`` where there is none."""
    head, colon, tail = name.rpartition(":")
    if not colon or "/" in tail:
        return Reference(name, "latest")
    return Reference(head, tail)


def is_local(name: str) -> bool:
    """Whether the registry of the image ``name`` is on this machine."""
    return is_loopback(f"http://{parse_reference(name).server}")


def has_image(name: str) -> bool:
    """Whether the local registry has the image ``name``. Raises ``PluginError`` when it does not answer."""
    reference = parse_reference(name)
    if not is_local(name):
        raise PluginError(f"{name} is not in a registry on this machine")
    url = f"http://{reference.server}/v2/{reference.path}/manifests/{reference.tag}"
    own = credentials.local_aws().registry_token
    headers = {"Accept": ", ".join(_MANIFESTS), "Authorization": f"Basic {own}"}
    request = urllib.request.Request(url, method="HEAD", headers=headers)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=_SECONDS) as answer:
            return bool(answer.status == http.HTTPStatus.OK)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.NOT_FOUND:
            return False
        raise PluginError(f"the registry at {urlsplit(url).netloc} answers {error.code}") from error
    except OSError as error:
        raise PluginError(f"the registry at {urlsplit(url).netloc} does not answer: {error}") from error
