"""The local AWS's state on disk: a file for each service, with the one before it beside it as ``.bak``.

ministack writes its state in an orderly end only, and begins with nothing where it cannot read a file. Here what was
written is on disk a few seconds later, and a file that is damaged or gone keeps the local AWS from starting.

The module imports ministack and nothing of this project: it runs in the local AWS only.
"""

import asyncio
import copy
import fcntl
import json
import os
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from importlib import import_module
from pathlib import Path
from typing import Any

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

FAULTS = "psn-emulator: the state cannot be read: "
"""What the line begins with that the local AWS ends with where its state is damaged; the rest is a JSON list of
``[file, fault, whether its backup can be read]``."""

_DELAY_SECONDS = 2.0
"""How long after the first write a snapshot begins. It is of all that was written by then."""
_AGAIN_SECONDS = 30.0
"""After how long one that could not be written is tried again."""
_MOST_SECONDS = 120
"""How long writing a snapshot may take before it is given up."""
_READING = (
    *("BatchGet", "Describe", "Filter", "Get", "List", "Query", "Scan", "Test", "TransactGet"),
    "Search",
)
"""What the names of actions begin with that change nothing (the header ``X-Amz-Target``)."""
_FORMAT = "__ministack_format__"
_ATTEMPTS = 200
_PAUSE_SECONDS = 0.05


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
    *(
        "_build_persistence_save_dict",
        "_get_module",
        "_state_map",
        "SERVICE_NAME_ALIASES",
        "SERVICE_REGISTRY",
    ),
    "_load_persisted_state",  # replaced below
)
_persistence = ministack_module(
    "ministack.core.persistence",
    *("STATE_DIR", "_json_default", "_json_object_hook", "_state_format_version"),
    "save_state",  # replaced below
)
_FOLDER = Path(_persistence.STATE_DIR)


class _Writer:
    """Writes snapshots of the services in which something was written, by processes of their own."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._changed: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._child: int | None = None

    def note(self, scope: Scope) -> None:
        """Has the service that a request may have changed written soon; called when it is answered."""
        self._changed |= _services(scope)
        if self._changed and self._task is None:
            self._task = asyncio.create_task(self._write_changed())

    def end(self) -> None:
        """Ends a snapshot under way, before an orderly end writes everything."""
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)

    async def _write_changed(self) -> None:
        """Writes what has changed, and goes on while more does. A snapshot begins no sooner than the last one took, so
        that a large state leaves half of a processor."""
        took = 0.0
        while self._changed:
            await asyncio.sleep(max(_DELAY_SECONDS, took))
            begin = time.monotonic()
            services, self._changed = self._changed, set()
            if await self._write(services):
                took = time.monotonic() - begin
            else:
                self._changed |= services
                took = _AGAIN_SECONDS
        self._task = None

    async def _write(self, services: set[str]) -> bool:
        async with self.lock:
            try:
                self._child = _write_in_child(services)
                _, status = await asyncio.to_thread(os.waitpid, self._child, 0)
            except OSError as error:
                _log(f"No snapshot can be written: {error}")
                return False
            finally:
                self._child = None
            return status == 0


writer = _Writer()


async def write_all() -> list[str]:
    """Writes the state of every service in use; the names of those whose state could not be written.

    All states are read between two requests, and encoded in a thread so that requests are answered meanwhile.
    """
    async with writer.lock:
        sources = _ministack._build_persistence_save_dict()
        states = {name: _read_state(get_state) for name, get_state in sources.items()}
        return [
            name
            for name, state in states.items()
            if state is not None and not await asyncio.to_thread(save, name, state)
        ]


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
        _log(f"The state of {service} cannot be written: {error}")
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
        _log(FAULTS + json.dumps(faults))
        os._exit(1)


_ministack._load_persisted_state = load_all
_persistence.save_state = save


def _services(scope: Scope) -> set[str]:
    """The services, by the names of their files, that a request may change: told by its credentials, or by the paths of
    the registry, and by its action or method."""
    headers = dict(scope["headers"])
    action = headers.get(b"x-amz-target", b"").decode("latin-1").rpartition(".")[2]
    path = str(scope.get("path", ""))
    reads = action.startswith(_READING) if action else scope["method"] in {"GET", "HEAD", "OPTIONS"}
    if reads or path.endswith("/invocations"):
        return set()
    credential = headers.get(b"authorization", b"").decode("latin-1").partition("Credential=")[2].split("/")
    name = credential[3] if len(credential) > 3 else "ecr" if path.startswith("/v2/") else ""
    config = _ministack.SERVICE_REGISTRY.get(_ministack.SERVICE_NAME_ALIASES.get(name, name))
    return {config.get("state_key", config["module"]), *config.get("sub_modules", ())} if config else set()


def _write_in_child(services: Iterable[str]) -> int:
    """Writes the states of ``services`` as they are now in a forked process; its id. Its exit code is 0 where all of
    them were written.

    The process has the memory of this moment, so nothing changes while it reads, and requests are answered meanwhile.
    """
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # it has threads: the child starts none and takes no lock
        child = os.fork()
    if child:
        return child
    written = False
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        signal.alarm(_MOST_SECONDS)
        _close_sockets()
        setattr(copy, "deepcopy", _same)  # noqa: B010 - nothing else is here to change what was copied
        sources = _ministack._build_persistence_save_dict()
        states = {name: sources[name]() for name in services if name in sources}
        failed = [name for name, state in states.items() if state is not None and not save(name, state)]
        written = not failed
    finally:
        os._exit(not written)


def _same[Value](value: Value, _memo: object = None) -> Value:
    return value


def _close_sockets() -> None:
    """Closes the files of the process that was forked but its output and the lock: a connection that it closes would
    stay open here."""
    begin = 3
    for kept in sorted(_held):
        os.closerange(begin, kept)
        begin = kept + 1
    os.closerange(begin, min(os.sysconf("SC_OPEN_MAX"), 1 << 20))


_held: list[int] = []
"""The descriptor of the folder's lock, which is held until this process and its snapshot have ended."""


def _hold_folder() -> None:
    """Waits until a snapshot of a killed process is written."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_FOLDER / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    _held.append(descriptor)


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


def _log(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _copy(file: Path, to: Path) -> None:
    draft = to.with_suffix(".tmp")
    shutil.copy2(file, draft)
    draft.replace(to)


def _backup(file: Path) -> Path:
    return file.with_name(f"{file.name}.bak")


def _read_state(get_state: Callable[[], Any]) -> Any:
    """A service's state, read again where a running function's log changed it meanwhile.

    The waiting blocks the event loop, so no new function is started and each attempt meets fewer of them.
    """
    for _ in range(_ATTEMPTS):
        try:
            return get_state()
        except RuntimeError as changed:
            if "changed size during iteration" not in str(changed):
                raise
            time.sleep(_PAUSE_SECONDS)
    return get_state()
