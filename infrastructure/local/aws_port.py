"""The port of this checkout's local AWS: the user's, or one that is chosen once and kept, as the API's URL has it."""

import os

from infrastructure.errors import DeployError
from infrastructure.local import aws_instance
from infrastructure.terminal import display
from infrastructure.tools import disk, paths, ports

_MOST = 100
"""How many ports are tried from the default on."""


def settle() -> None:
    """Chooses the port where this checkout has none yet: the default, or the next one that is free, which is said.

    Raises ``DeployError`` at once where the port that the user gave, or that was chosen before, is another program's.
    """
    if not is_chosen():
        owner = occupant()
        port = (
            next((port for port in _candidates() if ports.is_free(port)), None)
            if owner
            else paths.DEFAULT_PORT
        )
        if port is None:
            raise DeployError(
                f"No port from {paths.DEFAULT_PORT} to {paths.DEFAULT_PORT + _MOST - 1} is free.",
                "Give the local AWS one: LOCAL_AWS_PORT=… in .env",
            )
        if port != paths.DEFAULT_PORT:
            display.say(
                f"Port {paths.DEFAULT_PORT} is taken by {owner}: this checkout's local AWS gets port {port}, "
                f"kept in {paths.port_file()}"
            )
        disk.replace_file(paths.port_file(), f"{port}\n")
    elif owner := occupant():
        raise taken_error(owner)


def is_chosen() -> bool:
    """Whether the user gave the port, or this checkout has had a local AWS."""
    given = bool(os.environ.get("LOCAL_AWS_PORT"))
    return given or paths.port_file().exists() or aws_instance.known_identity() is not None


def occupant() -> str | None:
    """The program that has the port and is not this checkout's local AWS; ``None`` where it is free, and where it may
    be this checkout's, which does not answer."""
    port = paths.aws_port()
    if ports.is_free(port):
        return None
    instance = aws_instance.query()
    if instance:
        return None if aws_instance.is_ours(instance) else f"the local AWS of {instance.checkout}"
    return None if aws_instance.known_identity() else ports.owner(port)


def taken_error(owner: str) -> DeployError:
    """The error for the port that ``owner`` has."""
    port = paths.aws_port()
    return DeployError(
        f"Port {port} is taken by {owner}.",
        f"Stop it, or give the local AWS another port: LOCAL_AWS_PORT={port + 1} in .env",
    )


def _candidates() -> range:
    return range(paths.DEFAULT_PORT, paths.DEFAULT_PORT + _MOST)
