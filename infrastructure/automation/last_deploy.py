"""What the last deploy of a local stack was made of: where all of it is the same, a deploy has nothing to change."""

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from infrastructure import get_image_tag
from infrastructure.automation import backend, locks, plugins
from infrastructure.release import selection
from infrastructure.stack.settings import Settings
from infrastructure.tools import disk, engine, paths
from seeding.seeds import Seed

_PROGRAM = ("infrastructure", "openapi", "seeding")
_TABLES = ("routes.py", "variables.py")
"""The folders and the files of the program."""

_VARIABLES = ("AWS_", "DOCKER_", "LOCAL_", "PSN_EMULATOR_", "PULUMI_", "PYTHON")
"""How the names of the environment variables begin that the program, the engine or their tools read."""


def inputs(settings: Settings, seed: Seed) -> dict[str, str]:
    """A digest of each thing that decides what a deploy changes, by its name. Raises
    ``get_image_tag.SourceError``.

    Together they are all that is read: the program and the image's sources, the stack's settings and seed, the
    installed packages with the interpreter, the engine, the plugins, the environment variables, the local AWS's port,
    and the passphrase of the state.
    """
    variables = {name: value for name, value in os.environ.items() if name.startswith(_VARIABLES)}
    content = get_image_tag.content_hash(selection.base_image(settings), settings.platform)
    known = {
        "program": running_program(),
        "image": content,
        "settings": settings.model_dump(mode="json"),
        "seed": seed.model_dump(mode="json"),
        "packages": [sys.version, *sorted(_installed())],
        "engine": str(engine.installed()),
        "plugins": plugins.missing(),
        "variables": variables,
        "port": paths.aws_port(),
        "passphrase": _digest_of(paths.home() / "passphrase"),
    }
    return {name: _digest(json.dumps(value, sort_keys=True).encode()) for name, value in known.items()}


@cache
def running_program() -> str:
    """A digest of the program as it was when this was asked first, which a command does as it starts: a file that is
    saved while it runs is part of the next one's."""
    return _digest(json.dumps(dict(_program_files()), sort_keys=True).encode())


def note(settings: Settings, made_of: Mapping[str, str]) -> None:
    """Notes that a deploy of these ``inputs`` has succeeded, and with which state it left the stack. Raises
    ``DeployError`` where that cannot be written; does nothing on AWS."""
    if settings.local:
        noted = {**made_of, "state": _digest_of(backend.state_file(settings.stack))}
        disk.replace_file(_file(settings.stack), json.dumps(noted, indent=1) + "\n", mode=0o600)


def is_unchanged(settings: Settings, made_of: Mapping[str, str]) -> bool:
    """Whether the stack's last deploy succeeded with these ``inputs``, and its state is still as that left it. On AWS,
    where the state is elsewhere, nothing is known: ``False``."""
    if not settings.local or locks.has_any(settings.stack, backend.folder()):
        return False
    try:
        noted = json.loads(_file(settings.stack).read_bytes())
    except (OSError, ValueError):
        return False
    return bool(noted == {**made_of, "state": _digest_of(backend.state_file(settings.stack))})


def _file(stack: str) -> Path:
    return paths.home() / "deployed" / f"{stack}.json"


def _program_files() -> Iterator[tuple[str, str]]:
    """The path and the digest of every file of the program."""
    for table in _TABLES:
        yield table, _digest_of(paths.ROOT / table)
    for folder in _PROGRAM:
        for place, folders, names in os.walk(paths.ROOT / folder, followlinks=True):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for path in (Path(place, name) for name in names):
                yield str(path.relative_to(paths.ROOT)), _digest_of(path)


def _installed() -> Iterator[str]:
    """The names and versions of the installed packages, as their folders of metadata are called."""
    for entry in os.scandir(sysconfig.get_path("purelib")):
        if entry.name.endswith(".dist-info"):
            yield entry.name


def _digest_of(path: Path) -> str:
    """The digest of a file; empty where there is none that can be read."""
    try:
        return _digest(path.read_bytes())
    except OSError:
        return ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
