"""The image that the functions' image starts from: Lambda's own, or a stand-in where that cannot be had."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infrastructure.errors import DeployError
from infrastructure.local import docker, narrate, paths, stand_in_base, storage

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
    weather. Raises ``DeployError`` when neither can be had.
    """
    client = docker.endpoint().client(_SILENCE_SECONDS)
    stand_in = stand_in_base.reference()
    if not local:
        _obtain_official(client)
        return OFFICIAL
    if (chosen := recorded()) in {OFFICIAL, stand_in} and _present(client, str(chosen)):
        return str(chosen)
    with storage.exclusive(paths.cache() / "base-image.lock", "making the base image"):
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
    chosen = recorded()
    if chosen in {None, OFFICIAL}:
        try:
            _obtain_official(client)
        except DeployError as error:
            narrate.say(f"  {error.cause}")
            _refuse_stand_in(error)
        else:
            return OFFICIAL
    if not _present(client, stand_in):
        stand_in_base.make(docker.endpoint().client(_IMPORT_SECONDS), stand_in)
    return stand_in


def _refuse_stand_in(error: DeployError) -> None:
    if obstacle := stand_in_base.obstacle():
        raise DeployError(
            f"{error.cause} A stand-in cannot be made either: {obstacle}.",
            f"{error.remedy} Or pull it on another machine and bring it over: docker save, docker load.",
        ) from error


def _record(reference: str) -> str:
    storage.replace_file(paths.cache() / _NOTE, f"{reference}\n")
    return reference


def _present(client: "DockerClient", reference: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(reference)
    except ImageNotFound:
        return False
    return True


def _obtain_official(client: "DockerClient") -> None:
    """Pulls the official image unless it is there. Raises ``DeployError`` when nothing comes for a while."""
    if _present(client, OFFICIAL):
        return
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    repository, tag = OFFICIAL.rsplit(":", 1)
    with narrate.progress(f"Pulling {OFFICIAL}", "the functions' image starts from it"), _no_space_told():
        try:
            for message in client.api.pull(repository, tag, stream=True, decode=True):
                if cause := message.get("error"):
                    raise DockerException(cause)
        except (DockerException, RequestException) as error:
            raise DeployError(
                f"The base image {OFFICIAL} cannot be pulled: {_brief(error)}.",
                "Check the network and Docker's proxy settings, then run this again.",
            ) from error


@contextmanager
def _no_space_told() -> Iterator[None]:
    try:
        yield
    except DeployError as error:
        if "no space left on device" in error.cause:
            raise storage.disk_full("Docker's data folder") from error
        raise


def _brief(error: Exception) -> str:
    return str(getattr(error, "explanation", None) or error).strip().rstrip(".")
