"""References to images, and the registry of the local AWS that holds them."""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from infrastructure.local.plugin.aws.configuration import is_loopback
from infrastructure.local.plugin.errors import PluginError

_SECONDS: Final = 10
_MANIFESTS: Final = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


@dataclass(frozen=True)
class Reference:
    """``localhost:4566/players:20250101`` in its parts; ``repository`` has the registry's host before it."""

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


def reference(name: str) -> Reference:
    """The reference ``name`` in its parts; the tag is ``latest`` where it names none."""
    head, colon, tail = name.rpartition(":")
    if not colon or "/" in tail:
        return Reference(name, "latest")
    return Reference(head, tail)


def is_local(name: str) -> bool:
    """Whether the image ``name`` lives in a registry on this machine."""
    return is_loopback(f"http://{reference(name).server}")


def holds(name: str) -> bool:
    """Whether the local registry holds the image ``name``; raises ``PluginError`` when it does not answer."""
    wanted = reference(name)
    if not is_local(name):
        raise PluginError(f"{name} is not in a registry on this machine")
    url = f"http://{wanted.server}/v2/{wanted.path}/manifests/{wanted.tag}"
    request = urllib.request.Request(url, method="HEAD", headers={"Accept": ", ".join(_MANIFESTS)})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=_SECONDS) as answer:
            return bool(answer.status == http.HTTPStatus.OK)
    except urllib.error.HTTPError as refused:
        if refused.code == http.HTTPStatus.NOT_FOUND:
            return False
        raise PluginError(f"the registry at {urlsplit(url).netloc} answers {refused.code}") from refused
    except OSError as silent:
        raise PluginError(f"the registry at {urlsplit(url).netloc} does not answer: {silent}") from silent
