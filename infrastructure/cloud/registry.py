"""The image repositories of the stacks, reached by the OCI distribution API and not through Docker."""

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
from infrastructure.tools import credentials, docker, paths

_FETCH_SECONDS = 300
"""How long Docker may say nothing while it fetches an image from this machine."""
_CHUNK_BYTES = 1 << 20
_SILENT_SECONDS = 60
"""How long a registry may say nothing before it counts as dead."""


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """A registry's ``host``, with its port where it has one, and as ``token`` the base64 of ``user:password``."""

    host: str
    token: str


class _Descriptor(BaseModel):
    """A blob in a manifest: its digest, and its size in bytes (OCI Image Specification, "Content Descriptors")."""

    digest: str
    size: int


class _Manifest(BaseModel):
    """The blobs of an image for one platform, the only kind that Lambda runs (Docker's image manifest V2 schema 2,
    or OCI Image Manifest)."""

    config: _Descriptor
    layers: tuple[_Descriptor, ...]

    @property
    def blobs(self) -> tuple[_Descriptor, ...]:
        """All that the image is made of."""
        return (*self.layers, self.config)


@dataclass(frozen=True, slots=True)
class _BlobStream:
    """The bytes of a blob in ``repository``, fetched as they are read; ``sent`` is called with their number so far. It
    has a length, so that it is sent in one piece with a ``Content-Length``, which ECR wants."""

    repository: DXF
    descriptor: _Descriptor
    sent: Callable[[int], None]

    def __len__(self) -> int:
        return self.descriptor.size

    def __iter__(self) -> Iterator[bytes]:
        chunks = self.repository.pull_blob(self.descriptor.digest, chunk_size=_CHUNK_BYTES)
        so_far = 0
        for chunk in cast("Iterable[bytes]", chunks):
            yield chunk
            so_far += len(chunk)
            self.sent(so_far)


class _LocalRepository(DXF):
    """A repository of the local AWS. It is logged in to over HTTP, which the base class does not do, for it leaves this
    machine's loopback nowhere."""

    def authenticate(self, *_: object, authorization: str | None = None, **__: object) -> None:
        """Sends ``authorization`` with each request from now on."""
        self._headers = {"Authorization": str(authorization)}


def registry_access(settings: Settings) -> RegistryAccess:
    """The stack's registry and its token, which ECR grants for 12 hours; a local stack's stays. Raises ``DeployError``
    when AWS refuses it."""
    if settings.local:
        return RegistryAccess(f"localhost:{paths.aws_port()}", credentials.local_aws().registry_token)
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
    """Pulls an image of a local stack's repository into Docker, before the time begins that functions have to start in.
    Does nothing for a stack on AWS.

    Raises ``DeployError`` when Docker does not answer or cannot pull it.
    """
    if not settings.local:
        return
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    repository = f"{registry_access(settings).host}/{settings.names.base}"
    try:
        own = credentials.local_aws().registry_login
        docker.endpoint().client(_FETCH_SECONDS).images.pull(repository, tag, auth_config=own)
    except (DockerException, RequestException) as error:
        raise DeployError(
            f"Docker cannot fetch {repository}:{tag}: {' '.join(str(error).split())}",
            "Look at it: make check-docker",
        ) from error


def docker_login(settings: Settings) -> str:
    """Logs Docker in to the stack's registry; the registry's host. Raises ``DeployError``."""
    access = registry_access(settings)
    docker.login(access.host if settings.local else f"https://{access.host}", access.token)
    return access.host


def image_digest(settings: Settings, tag: str) -> str | None:
    """The digest of the image ``tag`` in the stack's repository; ``None`` where there is no such image.

    Raises ``DeployError`` when the registry does not answer or refuses.
    """
    with _translate_errors(), _repository(settings) as repository:
        return _digest(repository, tag)


def copy_image(
    tag: str, digest: str, source: Settings, target: Settings, sent: Callable[[int, int], None]
) -> None:
    """Copies the image ``digest`` from the source's repository to the target's, where it gets ``tag``.

    The manifest goes over byte by byte, so the digest stays. Blobs that are there are not sent again: a copy that
    was cut off goes on where it was. ``sent`` is called with the number of bytes that are there, and of all. Raises
    ``DeployError`` when the target's ``tag`` is another image, or when a registry does not answer or refuses.
    """
    with _translate_errors(), _repository(source) as origin, _repository(target) as copy:
        present = _digest(copy, tag)
        if present == digest:
            return
        if present:
            raise DeployError(
                f"The repository of stack {target.stack!r} has another image under {tag}: {present}.",
                f"Make a new release of it and promote that: make deploy STACK={source.stack} FORCE=1",
            )
        manifest, _ = origin.get_manifest_and_response(digest)
        blobs = _Manifest.model_validate_json(manifest).blobs
        total = sum(descriptor.size for descriptor in blobs)
        before = 0
        for descriptor in blobs:
            blob = _BlobStream(
                origin, descriptor, partial(lambda before, part: sent(before + part, total), before)
            )
            copy.push_blob(data=blob, digest=descriptor.digest)
            before += descriptor.size
            sent(before, total)
        copy.set_manifest(tag, manifest)


def _repository(settings: Settings) -> DXF:
    """A client of the stack's repository, with the stack's own credentials."""
    access = registry_access(settings)

    def log_in(repository: DXFBase, refused: requests.Response) -> None:
        repository.authenticate(authorization=f"Basic {access.token}", response=refused)

    client = _LocalRepository if settings.local else DXF
    return client(access.host, settings.names.base, log_in, insecure=settings.local, timeout=_SILENT_SECONDS)


def _digest(repository: DXF, tag: str) -> str | None:
    try:
        return repository.head_manifest_and_response(tag)[0]
    except requests.HTTPError as refused:
        if refused.response.status_code == requests.codes.not_found:
            return None
        raise


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Turns the exceptions of the client into a ``DeployError``."""
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
