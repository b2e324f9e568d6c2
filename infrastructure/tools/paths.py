"""The folders and addresses of the local environment."""

import os
from pathlib import Path

from infrastructure.errors import DeployError

ROOT = Path(__file__).resolve().parents[2]
"""The project's root folder."""
DEFAULT_PORT = 4566
"""The port of the local AWS where nothing else has it."""
MACHINE = "host.docker.internal"
"""The host name by which containers reach the machine of the local AWS."""


def home() -> Path:
    """The git-ignored folder of this checkout's local state: ``LOCAL_HOME``, by default ``.local``."""
    return Path(os.environ.get("LOCAL_HOME") or ROOT / ".local").absolute()


def cache() -> Path:
    """The user's folder of downloaded and built tools, which all checkouts share.

    That is ``PSN_EMULATOR_CACHE``, by default ``psn-emulator`` in the user's cache folder.
    """
    if override := os.environ.get("PSN_EMULATOR_CACHE"):
        return Path(override).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "psn-emulator"


def port_file() -> Path:
    """The file with the port that was chosen for this checkout's local AWS."""
    return home() / "port"


def aws_port() -> int:
    """The port of the local AWS: ``LOCAL_AWS_PORT``, else the one that was chosen for this checkout, else 4566. Raises
    ``DeployError`` when that is no port."""
    if given := os.environ.get("LOCAL_AWS_PORT"):
        if not _is_port(given):
            raise DeployError(
                f"LOCAL_AWS_PORT is {given!r}, which is no port.", "Give it a number from 1 to 65535."
            )
        return int(given)
    try:
        chosen = port_file().read_text().strip()
    except FileNotFoundError:
        return DEFAULT_PORT
    except (OSError, ValueError):
        chosen = ""
    if not _is_port(chosen):
        raise DeployError(
            f"{port_file()} is damaged: it holds no port.",
            f"Write the local AWS's port in it, {DEFAULT_PORT} unless that was taken.",
        )
    return int(chosen)


def _is_port(text: str) -> bool:
    return text.isdecimal() and 0 < int(text) < 1 << 16


def aws_endpoint() -> str:
    """The base URL of the local AWS on this machine."""
    return f"http://localhost:{aws_port()}"


def aws_endpoint_for_functions() -> str:
    """The base URL of the local AWS in the functions' containers, which cannot reach this machine's loopback."""
    return f"http://{MACHINE}:{aws_port()}"
