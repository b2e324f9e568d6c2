"""What the engine keeps on disk of a local stack, looked at before the engine does anything with it: a file that is
damaged or gone stops the command, which names the way back and overwrites nothing."""

import json
import secrets
import shlex
from functools import lru_cache
from pathlib import Path

import yaml

from infrastructure.automation import backend
from infrastructure.errors import DeployError
from infrastructure.stack.names import PROJECT
from infrastructure.tools import disk, paths

_CLEAN = "There is no backup that can be read: make clean deletes the local state, then make deploy makes one anew."


def check_state(stack: str, settings: Path) -> bool:
    """Whether a local stack has a state. Raises ``DeployError`` where that, or the ``settings`` of its encryption,
    cannot be read or are gone."""
    file = backend.state_file(stack)
    meta = backend.folder() / ".pulumi" / "meta.yaml"
    if meta.exists() and not _is_meta(meta):
        raise DeployError(
            f"{meta} is damaged.", f"It has one line. Write it: echo 'version: 1' > {_quoted(meta)}"
        )
    if not file.exists() and not _backup(file).exists():
        return False
    if fault := _fault_of(file):
        copies = (_backup(file), *_earlier(stack))
        copy = next((copy for copy in copies if copy.exists() and not _fault_of(copy)), None)
        raise DeployError(
            f"The state of stack {stack!r} {fault}: {file}",
            f"Nothing was overwritten. The way back is its backup: cp {_quoted(copy)} {_quoted(file)} "
            f"&& make deploy STACK={stack} REFRESH=1"
            + (
                f". If the stack was removed on purpose: rm {_quoted(_backup(file))}"
                if not file.exists()
                else ""
            )
            if copy
            else _CLEAN,
        )
    _check_salt(file, settings)
    return True


def passphrase() -> Path:
    """The file with the passphrase of the local stacks, which is made on first use; a copy of it is beside it.

    Raises ``DeployError`` where it is gone or another, while there are states that only it opens.
    """
    file = paths.home() / "passphrase"
    backup = _backup(file)
    known = file.read_text().strip() if file.exists() else ""
    kept = backup.read_text().strip() if backup.exists() else ""
    stacks = sorted(path.stem for path in backend.state_file("").parent.glob("*.json"))
    if stacks and (not known or kept not in {"", known}):
        fault = "is lost" if not known else "is another than its backup"
        raise DeployError(
            f"The passphrase that opens the state of {', '.join(stacks)} {fault}: {file}",
            f"Nothing was made anew. The way back is its backup: cp {_quoted(backup)} {_quoted(file)}"
            if kept
            else _CLEAN,
        )
    if not known:
        disk.replace_file(file, secrets.token_urlsafe(32), mode=0o600)
    disk.keep_backup(file)
    return file


def _check_salt(state: Path, settings: Path) -> None:
    """Raises ``DeployError`` where the salt in the ``settings`` is not that of the ``state``: the engine would take the
    passphrase for wrong. Without settings it takes the state's."""
    if not settings.exists():
        return
    try:
        ours = (yaml.safe_load(settings.read_text()) or {}).get("encryptionsalt")
    except (AttributeError, ValueError, yaml.YAMLError):
        ours = "damaged"
    if ours and ours != _salt_of(state, *_identity(state)):
        raise DeployError(
            f"{settings} is damaged: its salt is not that of the stack's state.",
            f"The state has it too: rm {_quoted(settings)}, then run this again.",
        )


def _fault_of(file: Path) -> str:
    """What is wrong with a file of a state, to follow its name; empty where nothing is."""
    if not file.exists():
        return "is gone"
    try:
        if file.stat().st_size == 0:
            return "is empty"
        _salt_of(file, *_identity(file))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except (ValueError, AttributeError, KeyError):
        return "is cut off or damaged"
    return ""


@lru_cache(maxsize=16)
def _salt_of(file: Path, _changed: int, _size: int) -> str:
    """The salt of the secrets in a state; empty where it has none. Raises ``ValueError``, ``AttributeError`` and
    ``KeyError`` where the file is no state."""
    checkpoint = json.loads(file.read_bytes())["checkpoint"]
    provider = (checkpoint.get("latest") or {}).get("secrets_providers") or {}
    return str((provider.get("state") or {}).get("salt") or "")


def _identity(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


def _is_meta(file: Path) -> bool:
    try:
        return isinstance(yaml.safe_load(file.read_text())["version"], int)
    except (OSError, TypeError, KeyError, ValueError, yaml.YAMLError):
        return False


def _earlier(stack: str) -> list[Path]:
    """The states after earlier updates that the engine keeps, the newest first."""
    return sorted((backend.folder() / ".pulumi" / "backups" / PROJECT / stack).glob("*.json"), reverse=True)


def _backup(file: Path) -> Path:
    return file.with_name(f"{file.name}.bak")


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
