"""The base of the functions' image: Lambda's own, or on local stacks a stand-in where that cannot be pulled."""

from typing import TYPE_CHECKING

from infrastructure.errors import DeployError
from infrastructure.local import stand_in_base
from infrastructure.terminal import display
from infrastructure.tools import disk, docker, paths

if TYPE_CHECKING:
    from docker import DockerClient

OFFICIAL = "public.ecr.aws/lambda/python:3.13"
"""AWS's base image for Python 3.13, the Dockerfile's default."""

_NOTE = "base-image"
_SILENCE_SECONDS = 30
_IMPORT_SECONDS = 900


def ensure(*, local: bool = True) -> str:
    """The reference of a base image that Docker has; that of ``local`` stacks is recorded for ``recorded``.

    It is the official image where Docker has it or can pull it. For ``local`` stacks it is otherwise the stand-in,
    made here. Once the stand-in was chosen it stays, so that the image's tag does not depend on the network.
    Raises ``DeployError`` where neither is available, or no Docker.
    """
    client = docker.ensure().endpoint.client(_SILENCE_SECONDS)
    stand_in = stand_in_base.reference()
    if not local:
        if cause := _pull(client):
            raise _cannot_be_pulled(cause)
        return OFFICIAL
    if (chosen := recorded()) in {OFFICIAL, stand_in} and _has_image(client, str(chosen)):
        return str(chosen)
    with disk.lock_file(paths.cache() / "base-image.lock", "making the base image"):
        return _record(_choose(client, stand_in))


def recorded() -> str | None:
    """The base image that ``ensure`` recorded for local stacks, which Docker may have lost; ``None`` before that."""
    try:
        return (paths.cache() / _NOTE).read_text().strip() or None
    except FileNotFoundError:
        return None


def is_here(reference: str) -> bool:
    """Whether Docker, which has to run, has the image."""
    return _has_image(docker.endpoint().client(_SILENCE_SECONDS), reference)


def _choose(client: "DockerClient", stand_in: str) -> str:
    if recorded() in {None, OFFICIAL}:
        cause = _pull(client)
        if cause is None:
            return OFFICIAL
        if obstacle := stand_in_base.obstacle():
            raise _cannot_be_pulled(f"{cause}. A stand-in cannot be made either: {obstacle}")
        display.say(f"  it cannot be pulled: {cause}")
    if not _has_image(client, stand_in):
        stand_in_base.make(docker.endpoint().client(_IMPORT_SECONDS), stand_in)
    return stand_in


def _record(reference: str) -> str:
    disk.replace_file(paths.cache() / _NOTE, f"{reference}\n")
    return reference


def _has_image(client: "DockerClient", reference: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(reference)
    except ImageNotFound:
        return False
    return True


def _pull(client: "DockerClient") -> str | None:
    """Pulls the official image unless Docker has it; ``None``, or the cause of the failure.

    Gives up after 30 seconds without an answer. Raises ``DeployError`` when the disk is full.
    """
    if _has_image(client, OFFICIAL):
        return None
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    repository, tag = OFFICIAL.rsplit(":", 1)
    with display.progress(f"Pulling {OFFICIAL}", "the functions' image starts from it"):
        try:
            messages = list(client.api.pull(repository, tag, stream=True, decode=True))
        except (DockerException, RequestException) as error:
            messages = [{"error": getattr(error, "explanation", None) or str(error)}]
    cause = next((str(message["error"]) for message in messages if "error" in message), None)
    if cause and "no space left on device" in cause:
        raise disk.disk_full_error("Docker's data folder")
    return cause and cause.strip().rstrip(".")


def _cannot_be_pulled(cause: str) -> DeployError:
    return DeployError(
        f"The base image {OFFICIAL} cannot be pulled: {cause}.",
        "Check the network and Docker's proxy settings, or bring it over: docker save, docker load.",
    )
