"""Where this checkout's stacks are reached besides the local AWS's own port: their addresses, and the names of hosts.

Each deploy of a local stack notes what its settings say. The local AWS is started with what is noted of all, and serves
at such an address that stack's API and nothing else.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.tools import disk, paths

DOORS = "PSN_EMULATOR_DOORS"
_PURPOSE = "noting where a stack listens"


@dataclass(frozen=True, slots=True)
class Door:
    """How an API is reached: its ``api`` id in the local AWS, the IPv4 address and port of its own, if it has one, and
    the ``hosts`` by whose names it is asked, without ports."""

    api: str
    address: str | None
    port: int | None
    hosts: tuple[str, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> "Door":
        """That of a stack with these settings."""
        address, _, port = (settings.listen or "").rpartition(":")
        named = [f"//{host}" for host in settings.issuer_hosts]
        urls = [settings.public_url, *named] if settings.public_url else named
        hosts = {host for url in urls if (host := urlsplit(url).hostname)}
        return cls(
            settings.names.local_api_id, address or None, int(port) if port else None, tuple(sorted(hosts))
        )


def note(settings: Settings) -> None:
    """Notes how the stack is reached. Raises ``DeployError`` where it is to listen at the port of the local AWS itself,
    or of another stack."""
    own = Door.from_settings(settings)
    with disk.lock_file(_lock(), _PURPOSE):
        others = {stack: door for stack, door in noted().items() if stack != settings.stack}
        taken = {door.port: f"stack {stack!r}" for stack, door in others.items() if door.port}
        taken[paths.aws_port()] = "the local AWS itself"
        if own.port in taken:
            raise DeployError(
                f"Stack {settings.stack!r} is to listen at {settings.listen}, and port {own.port} is that of "
                f"{taken[own.port]}.",
                "Give psn-emulator:listen another port, in infrastructure.",
            )
        _write({**others, settings.stack: own} if own.port or own.hosts else others)


def forget(stack: str) -> None:
    """Forgets how a stack was reached that is no more."""
    with disk.lock_file(_lock(), _PURPOSE):
        _write({name: door for name, door in noted().items() if name != stack})


def noted() -> dict[str, Door]:
    """What is noted, by stack. Nothing where the file cannot be read: the next deploy notes it anew."""
    try:
        found = json.loads(_file().read_bytes())
        return {stack: Door(**{**door, "hosts": tuple(door["hosts"])}) for stack, door in found.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def listening() -> tuple[tuple[str, int], ...]:
    """The addresses and ports at which the local AWS listens besides its own."""
    return tuple((door.address, door.port) for door in noted().values() if door.address and door.port)


def variable() -> str:
    """What the local AWS is told in ``PSN_EMULATOR_DOORS``: ``{"ports": {port: API's id}, "hosts": […]}`` as JSON."""
    doors = sorted(noted().values(), key=lambda door: door.api)
    told = {
        "ports": {str(door.port): door.api for door in doors if door.port},
        "hosts": sorted({host for door in doors for host in door.hosts}),
    }
    return json.dumps(told)


def _write(doors: Mapping[str, Door]) -> None:
    if doors != noted():
        text = json.dumps({stack: asdict(door) for stack, door in doors.items()}, indent=1, sort_keys=True)
        disk.replace_file(_file(), f"{text}\n", mode=0o600)


def _file() -> Path:
    return paths.home() / "aws" / "doors.json"


def _lock() -> Path:
    return _file().with_suffix(".lock")
