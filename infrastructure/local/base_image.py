"""The image that the functions' image starts from: Lambda's own, or a stand-in where that cannot be had."""

from typing import TYPE_CHECKING

from infrastructure.errors import DeployError
from infrastructure.local import stand_in_base
from infrastructure.terminal import display
from infrastructure.tools import disk, docker, paths

if TYPE_CHECKING:
    from docker import DockerClient

OFFICIAL = "public.ecr.aws/lambda/python:3.13"
"""AWS's base image of the runtime, the Dockerfile's default."""

_NOTE = "base-image"
_SILENCE_SECONDS = 30
_IMPORT_SECONDS = 900


def ensure(*, local: bool = True) -> str:
    """The reference of a base image that this machine's Docker holds, and remembers it for ``recorded``.

    That is the official one where it is there or can be pulled. For ``local`` stacks it is otherwise the
    stand-in, made here; once that was chosen it stays, so that the image's tag does not change with the
    weather. Raises ``DeployError`` when neither can be had, or no Docker.
    """
    client = docker.ensure().endpoint.client(_SILENCE_SECONDS)
    stand_in = stand_in_base.reference()
    if not local:
        if cause := _pulled(client):
            raise _cannot_be_pulled(cause)
        return OFFICIAL
    if (chosen := recorded()) in {OFFICIAL, stand_in} and _present(client, str(chosen)):
        return str(chosen)
    with disk.exclusive(paths.cache() / "base-image.lock", "making the base image"):
        return _record(_choose(client, stand_in))


def recorded() -> str | None:
    """The base image that ``ensure`` chose for local stacks, without asking Docker; ``None`` before that."""
    try:
        return (paths.cache() / _NOTE).read_text().strip() or None
    except FileNotFoundError:
        return None


def is_here(reference: str) -> bool:
    """Whether Docker, which must be running, holds the image."""
    return _present(docker.endpoint().client(_SILENCE_SECONDS), reference)


def _choose(client: "DockerClient", stand_in: str) -> str:
    if recorded() in {None, OFFICIAL}:
        cause = _pulled(client)
        if cause is None:
            return OFFICIAL
        if obstacle := stand_in_base.obstacle():
            raise _cannot_be_pulled(f"{cause}. A stand-in cannot be made either: {obstacle}")
        display.say(f"  it cannot be pulled: {cause}")
    if not _present(client, stand_in):
        stand_in_base.make(docker.endpoint().client(_IMPORT_SECONDS), stand_in)
    return stand_in


def _record(reference: str) -> str:
    disk.replace_file(paths.cache() / _NOTE, f"{reference}\n")
    return reference


def _present(client: "DockerClient", reference: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(reference)
    except ImageNotFound:
        return False
    return True


def _pulled(client: "DockerClient") -> str | None:
    """Pulls the official image unless it is there; why it cannot be, also when nothing comes for a while.

    Raises ``DeployError`` when the disk is full.
    """
    if _present(client, OFFICIAL):
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
        raise disk.disk_full("Docker's data folder")
    return cause and cause.strip().rstrip(".")


def _cannot_be_pulled(cause: str) -> DeployError:
    return DeployError(
        f"The base image {OFFICIAL} cannot be pulled: {cause}.",
        "Check the network and Docker's proxy settings, or bring it over: docker save, docker load.",
    )
