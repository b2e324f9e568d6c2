"""The image repositories of the stacks, reached by the OCI distribution API; Docker has no part in it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import requests
from botocore.exceptions import BotoCoreError, ClientError
from dxf import DXF, DXFBase
from dxf.exceptions import DXFError, DXFUnauthorizedError
from pydantic import BaseModel, ValidationError

from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.tools import docker, paths

_FETCH_SECONDS = 300
"""How long Docker may say nothing while it fetches an image from this machine."""
_CHUNK_BYTES = 1 << 20
_SILENT_SECONDS = 60
"""How long a registry may say nothing before it counts as dead."""


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """A registry's host, with its port where it has one, and the base64 of ``user:password``; empty where none is
    asked for."""

    host: str
    token: str


class _Described(BaseModel):
    """What a manifest says of a blob: its digest, and its size in bytes."""

    digest: str
    size: int


class _Manifest(BaseModel):
    """The blobs of an image for one platform, the only kind that Lambda runs (Docker's image manifest V2 schema 2,
    or OCI Image Manifest)."""

    config: _Described
    layers: tuple[_Described, ...]

    @property
    def blobs(self) -> tuple[_Described, ...]:
        """All that the image is made of."""
        return (*self.layers, self.config)


@dataclass(frozen=True, slots=True)
class _Blob:
    """A blob on its way: fetched as it is read, with the bytes so far told to ``sent``. It tells its length, so
    that it is sent in one piece with a ``Content-Length``, which ECR wants."""

    repository: DXF
    described: _Described
    sent: Callable[[int], None]

    def __len__(self) -> int:
        return self.described.size

    def __iter__(self) -> Iterator[bytes]:
        chunks = self.repository.pull_blob(self.described.digest, chunk_size=_CHUNK_BYTES)
        so_far = 0
        for chunk in cast("Iterable[bytes]", chunks):
            yield chunk
            so_far += len(chunk)
            self.sent(so_far)


def registry_access(settings: Settings) -> RegistryAccess:
    """The stack's registry and what opens it. Raises ``DeployError`` when AWS gives no token."""
    if settings.local:
        return RegistryAccess(f"localhost:{paths.aws_port()}", "")
    try:
        answer = session.client(settings, "ecr").get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The registry of stack {settings.stack!r} gives no token: {error}",
            "Log in (aws sso login, or AWS_PROFILE=…), and check ecr:GetAuthorizationToken.",
        ) from error
    granted = answer["authorizationData"][0]
    return RegistryAccess(granted["proxyEndpoint"].removeprefix("https://"), granted["authorizationToken"])


def fetch_image(settings: Settings, tag: str) -> None:
    """Has Docker hold an image of a local stack's repository before functions start from it; fetching it would go
    from the time they have to answer. Lambda sees to that itself when it makes a function.

    Raises ``DeployError`` when Docker does not answer or cannot fetch it.
    """
    if not settings.local:
        return
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    repository = f"{registry_access(settings).host}/{settings.names.base}"
    try:
        docker.endpoint().client(_FETCH_SECONDS).images.pull(repository, tag)
    except (DockerException, RequestException) as error:
        raise DeployError(
            f"Docker cannot fetch {repository}:{tag}: {' '.join(str(error).split())}",
            "Look at it: make check-docker",
        ) from error


def docker_login(settings: Settings) -> str:
    """Logs Docker in to the stack's registry; the registry. A local stack's asks for no login."""
    access = registry_access(settings)
    if access.token:
        docker.login(f"https://{access.host}", access.token)
    return access.host


def digest(settings: Settings, tag: str) -> str | None:
    """The digest of the image ``tag`` in the stack's repository; ``None`` where there is no such image.

    Raises ``DeployError`` when the registry does not answer or refuses.
    """
    with _explained(), _opened(settings) as repository:
        return _digest(repository, tag)


def copy(tag: str, wanted: str, source: Settings, target: Settings, sent: Callable[[int, int], None]) -> None:
    """Has the target's repository hold, under ``tag``, the source's image of digest ``wanted``.

    The manifest goes over byte by byte, so the digest stays. Blobs that are there are not sent again: a copy that
    was cut off goes on where it was. ``sent`` is told the bytes that are there by now, and those of all. Raises
    ``DeployError`` when the target's ``tag`` is another image, or when a registry does not answer or refuses.
    """
    with _explained(), _opened(source) as here, _opened(target) as there:
        held = _digest(there, tag)
        if held == wanted:
            return
        if held:
            raise DeployError(
                f"The repository of stack {target.stack!r} has another image under {tag}: {held}.",
                f"Make a new release of it and promote that: make deploy STACK={source.stack} FORCE=1",
            )
        manifest, _ = here.get_manifest_and_response(wanted)
        blobs = _Manifest.model_validate_json(manifest).blobs
        total = sum(described.size for described in blobs)
        before = 0
        for described in blobs:
            blob = _Blob(here, described, partial(lambda before, part: sent(before + part, total), before))
            there.push_blob(data=blob, digest=described.digest)
            before += described.size
            sent(before, total)
        there.set_manifest(tag, manifest)


def _opened(settings: Settings) -> DXF:
    """The stack's repository, entered with the stack's own credentials."""
    access = registry_access(settings)

    def log_in(repository: DXFBase, refused: requests.Response) -> None:
        repository.authenticate(authorization=f"Basic {access.token}", response=refused)

    return DXF(
        access.host,
        settings.names.base,
        log_in if access.token else None,
        insecure=settings.local,
        timeout=_SILENT_SECONDS,
    )


def _digest(repository: DXF, tag: str) -> str | None:
    try:
        return repository.head_manifest_and_response(tag)[0]
    except requests.HTTPError as refused:
        if refused.response.status_code == requests.codes.not_found:
            return None
        raise


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what the client raises into one line."""
    try:
        yield
    except requests.HTTPError as refused:
        raise DeployError(
            f"The registry {_host(refused)} refuses: {_reason(refused.response)}.",
            "Check that the stack's credentials may read and write its repository.",
        ) from refused
    except requests.RequestException as silent:
        raise DeployError(
            f"The registry {_host(silent)} does not answer: {silent}.", "Run this again when it does."
        ) from silent
    except DXFUnauthorizedError as refused:
        raise DeployError(
            "The registry refuses the credentials.",
            "Check that the stack's credentials may read and write its repository.",
        ) from refused
    except (DXFError, ValidationError) as error:
        raise DeployError(
            f"The image cannot be copied: {type(error).__name__}: {' '.join(str(error).split())}.",
            "Make the release anew and promote that.",
        ) from error


def _host(error: requests.RequestException) -> str:
    return str(urlsplit(error.request.url).netloc) if error.request else ""


def _reason(answer: requests.Response) -> str:
    """What a registry says of a refusal (OCI Distribution, "Error Codes"), or else its status."""
    try:
        return "; ".join(f"{error['code']}: {error['message']}" for error in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason}"
