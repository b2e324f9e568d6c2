"""The files of the local AWS's state: one for each service, with the one before it beside it as ``.bak``.

ministack begins with nothing where it cannot read a file. Here a file that is damaged or gone keeps the local AWS from
starting. The module imports ministack and nothing of this project: it runs in the local AWS only.
"""

import fcntl
import json
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

FAULTS = "psn-emulator: the state cannot be read: "
"""What the line begins with that the local AWS ends with where its state is damaged; the rest is a JSON list of
``[file, fault, whether its backup can be read]``."""

_FORMAT = "__ministack_format__"


def ministack_module(name: str, *used: str) -> Any:
    """The module of ministack of that name, with what is ``used`` of it.

    Raises ``ImportError`` where that lacks anything: these names are not part of ministack's interface, and one that
    is gone would be replaced here without any effect.
    """
    module = import_module(name)
    if missing := [attribute for attribute in used if not hasattr(module, attribute)]:
        raise ImportError(f"{name} has no {', '.join(missing)} any more: change aws_server.py with ministack")
    return module


_ministack = ministack_module(
    "ministack.app",
    *("_get_module", "_state_map"),
    "_load_persisted_state",  # replaced below
)
_persistence = ministack_module(
    "ministack.core.persistence",
    *("STATE_DIR", "_json_default", "_json_object_hook", "_state_format_version"),
    "save_state",  # replaced below
)
_FOLDER = Path(_persistence.STATE_DIR)


def save(service: str, state: Any) -> bool:
    """Writes the state of a service, and keeps the file before it as its backup; whether that could be done."""
    file = _FOLDER / f"{service}.json"
    draft, backup = file.with_suffix(".json.tmp"), _backup(file)
    wrapped = {_FORMAT: _persistence._state_format_version(service), "payload": state}
    try:
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with open(draft, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as output:
            output.write(json.dumps(wrapped, default=_persistence._json_default) + "\n")
        if _is_whole(file):
            other = file.with_suffix(".bak.tmp")
            other.unlink(missing_ok=True)
            other.hardlink_to(file)
            other.replace(backup)
        draft.replace(file)
        if not backup.exists():
            _copy(file, backup)
    except (OSError, TypeError, ValueError) as error:
        log(f"The state of {service} cannot be written: {error}")
        draft.unlink(missing_ok=True)
        return False
    return True


def load_all() -> None:
    """Gives every service its state. Ends the process where a file cannot be read or is gone: a service that began with
    nothing would have that written over what can still be saved."""
    _hold_folder()
    faults = []
    for service, module in _ministack._state_map.items():
        file = _FOLDER / f"{service}.json"
        if not file.exists() and not _backup(file).exists():
            continue
        try:
            state = _read(file)
            if service == "lambda":
                _complete(state)
            _ministack._get_module(module).load_persisted_state(state)
        except Exception as error:
            faults.append((file.name, _fault(error), _can_be_read(_backup(file))))
            continue
        if not _backup(file).exists():
            _copy(file, _backup(file))
    if faults:
        log(FAULTS + json.dumps(faults))
        os._exit(1)


_ministack._load_persisted_state = load_all
_persistence.save_state = save


HELD: list[int] = []
"""The descriptor of the folder's lock, which is held until this process and its snapshot have ended."""


def _hold_folder() -> None:
    """Waits until a snapshot of a killed process is written."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_FOLDER / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    HELD.append(descriptor)


def _read(file: Path) -> Any:
    """The state in ``file``. Raises ``OSError`` and ``ValueError``."""
    wrapped = json.loads(file.read_bytes(), object_hook=_persistence._json_object_hook)
    if not isinstance(wrapped, dict) or "payload" not in wrapped or not isinstance(wrapped.get(_FORMAT), int):
        raise ValueError("it is no state of a service")
    if wrapped[_FORMAT] > _persistence._state_format_version(file.name.partition(".")[0]):
        raise ValueError("a newer ministack wrote it")
    return wrapped["payload"]


def _complete(state: Any) -> None:
    """Completes the changes of functions that were under way in ``state``: ministack does so half a second after a
    change, and not after a start."""
    done = {"State": ("Pending", "Active"), "LastUpdateStatus": ("InProgress", "Successful")}
    for function in state["functions"]._data.values():
        for config in (function, *function.get("versions", {}).values()):
            for name, (under_way, complete) in done.items():
                if config.get("config", {}).get(name) == under_way:
                    config["config"][name] = complete


def _can_be_read(file: Path) -> bool:
    try:
        _read(file)
    except (OSError, ValueError):
        return False
    return True


def _fault(error: Exception) -> str:
    """What is wrong with a file, to follow its name."""
    if isinstance(error, FileNotFoundError):
        return "is gone"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be read: {reason}"


def _is_whole(file: Path) -> bool:
    """Whether the file ends as one that was written to its end."""
    try:
        with file.open("rb") as content:
            content.seek(-2, os.SEEK_END)
            return content.read().rstrip(b"\n").endswith(b"}")
    except OSError:
        return False


def log(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _copy(file: Path, to: Path) -> None:
    draft = to.with_suffix(".tmp")
    shutil.copy2(file, draft)
    draft.replace(to)


def _backup(file: Path) -> Path:
    return file.with_name(f"{file.name}.bak")
