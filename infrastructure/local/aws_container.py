"""The local AWS as a container, where containers cannot reach a process of this machine.

It shares a network with the functions' containers, in which it also has the name that containers use for their host.
Its port is published on the loopback of the engine's machine, which Docker Desktop forwards from this one, and the
ports of ``doors`` at their addresses.
"""

import io
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from infrastructure.errors import DeployError
from infrastructure.local import aws_instance, doors, faults
from infrastructure.terminal import display
from infrastructure.tools import paths
from infrastructure.tools.docker import Docker

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

IMAGE = f"ministackorg/ministack:{version('ministack')}"
"""ministack's own image of the installed version."""

_FOLDER = "/opt/ministack"
_STATE = "/state"
_ORDERLY_SECONDS = 120


def container_name(identity: str) -> str:
    """The name of the container, its network and its volume."""
    return aws_instance.network_name(identity)


def start(docker: Docker, identity: str, port: int, settings: Mapping[str, str]) -> None:
    """Starts the local AWS's container with the state of the last one; returns before it answers.

    Raises ``DeployError`` when the image cannot be pulled.
    """
    client = docker.endpoint.client()
    name, published = container_name(identity), {own: address for address, own in doors.listening()}
    obtain_image(client)
    ensure_network(client, identity, isolated=False)
    _remove(client, name)
    container = client.containers.create(
        IMAGE,
        command=[
            "hypercorn",
            "aws_server:app",
            "--workers",
            "0",
            "--keep-alive",
            "75",
            *(word for bound in (port, *published) for word in ("--bind", f"0.0.0.0:{bound}")),
        ],
        entrypoint=["python", "-m"],
        environment=environment(identity, port, settings),
        name=name,
        network=name,
        networking_config={name: client.api.create_endpoint_config(aliases=[paths.MACHINE])},
        ports={
            f"{port}/tcp": ("127.0.0.1", port),
            **{f"{own}/tcp": (address, own) for own, address in published.items()},
        },
        volumes={
            name: {"bind": _STATE, "mode": "rw"},
            docker.socket: {"bind": "/var/run/docker.sock", "mode": "rw"},
        },
        working_dir=_FOLDER,
    )
    container.put_archive(_FOLDER, _archive(aws_instance.SERVER.name, aws_instance.server_files()))
    container.start()


def environment(identity: str, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    """The container's environment variables, beside those of its image."""
    return {
        **settings,
        "STATE_DIR": _STATE,
        "AWS_ENDPOINT_URL": f"http://{container_name(identity)}:{port}",
        "DOCKER_HOST": "unix:///var/run/docker.sock",
    }


def ensure_network(client: "DockerClient", identity: str, *, isolated: bool) -> None:
    """Creates the network of the functions' containers unless it is there. In an ``isolated`` one they reach this
    machine and the internet, and neither each other nor any other container.

    Raises ``DeployError`` where Docker has no addresses left for one.
    """
    from docker.errors import APIError

    name = container_name(identity)
    if client.networks.list(names=[name]):
        return
    apart = {"com.docker.network.bridge.enable_icc": "false"} if isolated else None
    try:
        client.networks.create(name, driver="bridge", check_duplicate=True, options=apart)
    except APIError as error:
        raise DeployError(
            f"Docker makes no network for the functions: {error.explanation}.",
            "Remove those that nothing uses: docker network prune",
        ) from error


def remove_network(client: "DockerClient", identity: str) -> None:
    """Removes the network of the functions' containers where it is there and nothing is in it."""
    from docker.errors import APIError

    for network in client.networks.list(names=[container_name(identity)]):
        with suppress(APIError):
            network.remove()


def stop(client: "DockerClient", identity: str) -> bool:
    """Stops the container, which writes its state, and removes it; whether there was one."""
    return _remove(client, container_name(identity))


def is_running(client: "DockerClient", identity: str) -> bool:
    """Whether the container runs, even where it does not answer."""
    container = _container(client, container_name(identity))
    return container is not None and container.status == "running"


def publishes(client: "DockerClient", identity: str, port: int) -> bool:
    """Whether the container runs and publishes ``port``."""
    container = _container(client, container_name(identity))
    return container is not None and container.status == "running" and f"{port}/tcp" in container.ports


def last_lines(client: "DockerClient", identity: str) -> str:
    """The last 5 lines of the container's log."""
    container = _container(client, container_name(identity))
    return container.logs(tail=5).decode(errors="replace") if container else "the container is gone"


def state_error(log: str, identity: str) -> DeployError | None:
    """The error that the last lines of its ``log`` tell of files of its state; ``None`` where there is none."""
    volume = container_name(identity)
    run = f"docker run --rm --volume {volume}:{_STATE} --entrypoint cp {IMAGE}"
    return faults.error_in(
        log,
        f"{volume}:{_STATE}",
        lambda source, target: f"{run} {_STATE}/{source} {_STATE}/{target}",
    )


def delete_state(client: "DockerClient", identity: str) -> None:
    """Deletes the volume with the state, and the network."""
    from docker.errors import NotFound

    for remove in (
        lambda: client.volumes.get(container_name(identity)),
        lambda: client.networks.get(container_name(identity)),
    ):
        try:
            remove().remove()
        except NotFound:
            continue


def remove_images(client: "DockerClient", prefix: str) -> None:
    """Removes the tags that begin with ``prefix``, and the images left without a tag, except those in use."""
    from docker.errors import APIError

    tags = [tag for image in client.api.images() for tag in image["RepoTags"] or ()]
    for tag in tags:
        if tag.startswith(prefix):
            with suppress(APIError):
                client.api.remove_image(tag)


def _remove(client: "DockerClient", name: str) -> bool:
    container = _container(client, name)
    if container is None:
        return False
    container.stop(timeout=_ORDERLY_SECONDS)
    container.remove(force=True)
    return True


def _container(client: "DockerClient", name: str) -> "Container | None":
    from docker.errors import NotFound

    try:
        return client.containers.get(name)
    except NotFound:
        return None


def obtain_image(client: "DockerClient") -> None:
    """Pulls the image unless Docker has it. Raises ``DeployError`` when that fails."""
    from docker.errors import APIError, ImageNotFound

    try:
        client.images.get(IMAGE)
    except ImageNotFound:
        with display.progress(
            f"Pulling {IMAGE}", "the Docker engine is not on this machine, so AWS runs in it too"
        ):
            try:
                client.images.pull(IMAGE)
            except APIError as error:
                raise DeployError(
                    f"The local AWS's image {IMAGE} cannot be pulled: {error.explanation}.",
                    "Check the network of the Docker engine, or use one that runs on this machine.",
                ) from error


def _archive(folder: str, files: Iterable[Path]) -> bytes:
    """A tar archive of ``files`` in ``folder``."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path in files:
                content = path.read_bytes()
                entry = tarfile.TarInfo(f"{folder}/{path.name}")
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()
