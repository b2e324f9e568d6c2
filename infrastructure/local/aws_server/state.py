"""The local AWS's state on disk: a file for each service, with the one before it beside it as ``.bak``.

ministack begins with nothing where it cannot read a file. Here a file that is damaged or gone keeps the local AWS from
starting.
"""

import fcntl
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from . import internals

FAULTS = "psn-emulator: the state cannot be read: "
"""What the line begins with that the local AWS ends with where its state is damaged; the rest is a JSON list of
``[file, fault, whether its backup can be read]``."""

_FORMAT = "__ministack_format__"
_BEGINNING = json.dumps({_FORMAT: 0}).encode()[:-2]
_NO_STATE = "it is no state of this service"
_FOLDER = Path(internals.persistence.STATE_DIR)

held: list[int] = []
"""The descriptor of the folder's lock, which is held until this process and its snapshot have ended."""


def save(service: str, state: Any) -> bool:
    """Writes the state of a service, and keeps the file before it as its backup; whether that could be done."""
    file = _FOLDER / f"{service}.json"
    draft, backup = file.with_suffix(".json.tmp"), _backup(file)
    wrapped = {_FORMAT: internals.persistence._state_format_version(service), "payload": state}
    try:
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with open(draft, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as output:
            output.write(json.dumps(wrapped, default=internals.persistence._json_default) + "\n")
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
    for service, module in internals.ministack._state_map.items():
        file = _FOLDER / f"{service}.json"
        if not file.exists() and not _backup(file).exists():
            continue
        try:
            state = _read(file)
            keeper = internals.ministack._get_module(module)
            if (parts := keeper.get_state()) and not parts.keys() & state:
                raise ValueError(_NO_STATE)
            if service == "lambda":
                _complete(state)
            keeper.load_persisted_state(state)
        except Exception as error:
            faults.append((file.name, _fault(error), _can_be_read(_backup(file))))
            continue
        if not _backup(file).exists():
            _copy(file, _backup(file))
    if faults:
        log(FAULTS + json.dumps(faults))
        os._exit(1)


def _hold_folder() -> None:
    """Waits until a snapshot of a killed process is written."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_FOLDER / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    held.append(descriptor)


def _read(file: Path) -> Any:
    """The state in ``file``. Raises ``OSError`` and ``ValueError``."""
    wrapped = json.loads(file.read_bytes(), object_hook=internals.persistence._json_object_hook)
    if not isinstance(wrapped, dict) or "payload" not in wrapped or not isinstance(wrapped.get(_FORMAT), int):
        raise ValueError(_NO_STATE)
    if wrapped[_FORMAT] > internals.persistence._state_format_version(file.name.partition(".")[0]):
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
    """Whether the file begins and ends as one that was written to its end."""
    try:
        with file.open("rb") as content:
            begins = content.read(len(_BEGINNING)) == _BEGINNING
            content.seek(-2, os.SEEK_END)
            return begins and content.read().rstrip(b"\n").endswith(b"}")
    except OSError:
        return False


def log(line: str) -> None:
    """Writes a line to the local AWS's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _copy(file: Path, to: Path) -> None:
    draft = to.with_suffix(".tmp")
    shutil.copy2(file, draft)
    draft.replace(to)


def _backup(file: Path) -> Path:
    return file.with_name(f"{file.name}.bak")


internals.ministack._load_persisted_state = load_all
internals.persistence.save_state = save
