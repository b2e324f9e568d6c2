"""The local state of this checkout, all of it: what it is, and how it is deleted."""

import shutil
from contextlib import suppress
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.local import aws_container, aws_instance
from infrastructure.stack.names import PROJECT
from infrastructure.tools import docker, paths

_MADE = ("aws", "locks", "passphrase", "pulumi", "workspace")
"""All that is ever made in ``LOCAL_HOME``, which may be a folder of the user's with more in it."""


def present() -> list[Path]:
    """What there is of the local state.

    Raises ``DeployError`` when its folder holds the checkout or the user's home: it is not ours to delete from.
    """
    home = paths.home()
    for kept in (paths.ROOT, Path.home()):
        if kept.is_relative_to(home):
            raise DeployError(
                f"LOCAL_HOME is {home}, which holds {kept}.", "Point it at a folder of its own."
            )
    return [home / name for name in _MADE if (home / name).exists()]


def named(parts: list[Path]) -> str:
    """``parts`` of it as text."""
    return f"in {paths.home()}: {', '.join(path.name for path in parts)}" if parts else "nothing"


def delete() -> list[Path]:
    """Deletes it, the folder ``LOCAL_HOME`` if nothing else is in it, and in Docker the images that were pushed here.

    What it deleted of the folder.
    Call it with the local AWS stopped. An image that a container uses stays, as all do where Docker does not run.
    Raises ``DeployError`` as ``present`` does.
    """
    found = present()
    identity = aws_instance.known_identity()
    if identity and docker.is_running():
        client = docker.endpoint().client()
        aws_container.delete_state(client, identity)
        aws_container.remove_images(client, f"localhost:{paths.aws_port()}/{PROJECT}-")
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    with suppress(OSError):  # what is not of ours stays, and the folder with it
        paths.home().rmdir()
    return found
