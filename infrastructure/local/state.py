"""The local state of this checkout: lists and deletes it."""

import shutil
from contextlib import suppress
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.local import aws_container, aws_instance
from infrastructure.stack.names import PROJECT
from infrastructure.tools import docker, paths

_MADE = ("aws", "locks", "passphrase", "passphrase.bak", "port", "pulumi", "workspace")
"""All names that are ever created in ``LOCAL_HOME``, which may be a folder with other files in it."""


def existing_parts() -> list[Path]:
    """The files and folders of the local state that exist.

    Raises ``DeployError`` when ``LOCAL_HOME`` contains the checkout or the user's home: it is not ours to delete.
    """
    home = paths.home()
    for protected in (paths.ROOT, Path.home()):
        if protected.is_relative_to(home):
            raise DeployError(
                f"LOCAL_HOME is {home}, which holds {protected}.", "Point it at a folder of its own."
            )
    return [home / name for name in _MADE if (home / name).exists()]


def describe(parts: list[Path]) -> str:
    """The folder and the names of ``parts`` of the state; ``nothing`` where there are none."""
    return f"in {paths.home()}: {', '.join(path.name for path in parts)}" if parts else "nothing"


def delete() -> list[Path]:
    """Deletes the state, and ``LOCAL_HOME`` where nothing else is in it; the deleted parts.

    The images that this checkout pushed are removed from Docker where that runs, except those in use. The local AWS
    has to be stopped. Raises ``DeployError`` as ``existing_parts`` does.
    """
    parts = existing_parts()
    identity = aws_instance.known_identity()
    if identity and docker.is_running():
        client = docker.endpoint().client()
        aws_container.delete_state(client, identity)
        aws_container.remove_images(client, f"localhost:{paths.aws_port()}/{PROJECT}-")
    for path in parts:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    with suppress(OSError):  # there are other files in it
        paths.home().rmdir()
    return parts
