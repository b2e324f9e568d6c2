"""Starts, stops and inspects this checkout's local AWS, whose state is kept.

Each checkout (each ``LOCAL_HOME``) has its own, with an identity made once. The identity marks the process and the
functions' containers, so that several local AWS on one machine do not affect each other.
"""

import http
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.local import aws_container, aws_instance, aws_port, aws_process, doors
from infrastructure.local.aws_instance import Instance
from infrastructure.terminal import display
from infrastructure.tools import disk, docker, paths, ports

_OWNER_LABEL = "ministack.instance"
_SNAPSHOT_SECONDS = 120
_START_SECONDS = 60
_LAST_SECONDS = "last 5 seconds"
"""What a kill may lose: see ``aws_server.snapshots``."""


@dataclass(frozen=True, slots=True)
class Status:
    """Who listens on the port of the local AWS, whose state is in ``folder``.

    ``pid`` is set where this checkout's local AWS does (its process id, in a container that of the container's own
    processes), ``container`` where it is one, and ``open`` unless it takes another credential than the present one.
    ``occupant`` describes any other program that has the port.
    """

    port: int
    folder: Path
    pid: int | None = None
    container: str | None = None
    occupant: str | None = None
    open: bool = True

    @property
    def running(self) -> bool:
        """Whether this checkout's local AWS answers."""
        return self.pid is not None

    def __str__(self) -> str:
        if self.pid is not None:
            where = f"container {self.container}" if self.container else f"process {self.pid}"
            return f"port {self.port}, {where}, state in {self.folder}"
        return f"port {self.port} is taken by {self.occupant}" if self.occupant else "not running"


def ensure() -> Status:
    """Starts this checkout's local AWS with its last state; restarts one whose settings are out of date.

    Returns at once where it runs already. Raises ``DeployError`` when another program has the port or there is no
    Docker, both before anything is stopped, and when the local AWS does not answer within a minute.
    """
    aws_instance.check_identity()
    if aws_instance.is_current(aws_instance.query()):
        return status()
    with disk.lock_file(aws_instance.folder() / "lock", "starting the local AWS"):
        aws_port.settle()
        instance = aws_instance.query()
        if aws_instance.is_current(instance):
            return status()
        engine = docker.ensure()
        _require_port(instance, engine)
        if engine.remote:
            aws_container.obtain_image(engine.endpoint.client())
        if instance is None and aws_process.was_killed(aws_instance.folder()):
            display.say(f"The local AWS was killed: what was written in its {_LAST_SECONDS} is lost")
        _stop_outdated(instance)
        _start(engine)
    return status()


def stop() -> bool:
    """Stops this checkout's local AWS, which writes its state, and removes its functions' containers.

    Returns whether it ran.
    """
    if not aws_instance.folder().exists() and not aws_instance.is_ours(aws_instance.query()):
        return False
    with disk.lock_file(aws_instance.folder() / "lock", "starting or stopping the local AWS"):
        instance = aws_instance.query()
        return _stop(instance if aws_instance.is_ours(instance) else None)


def status() -> Status:
    """Who listens on the port now; starts nothing."""
    port, folder = paths.aws_port(), aws_instance.folder()
    instance = aws_instance.query()
    if instance and aws_instance.is_ours(instance):
        is_open = aws_instance.takes_our_credential(instance)
        return Status(port, folder, instance.pid, instance.container, open=is_open)
    if instance:
        return Status(port, folder, occupant=f"the local AWS of {instance.checkout}")
    return Status(port, folder, occupant=None if ports.is_free(port) else ports.owner(port))


def snapshot() -> None:
    """Has the local AWS write its state to disk at once, which it otherwise does some seconds after a change.

    Raises ``DeployError`` when it does not answer or cannot write.
    """
    answer = aws_instance.signed_request("POST", aws_instance.SNAPSHOT, _SNAPSHOT_SECONDS)
    if answer is None:
        raise DeployError("The local AWS does not answer.", "Start it with: make deploy")
    if answer[0] != http.HTTPStatus.OK:
        raise DeployError(
            f"The local AWS cannot write its state: {answer[1].decode(errors='replace')}",
            f"Look at {aws_process.log_file(aws_instance.folder())}; is the disk full?",
        )


def log_file() -> Path:
    """The log of the local AWS where that is a process."""
    return aws_process.log_file(aws_instance.folder())


def _start(engine: docker.Docker) -> None:
    port, identity = paths.aws_port(), aws_instance.identity()
    with display.progress(f"Starting the local AWS on port {port}", "the stack's own cloud"):
        if engine.remote:
            aws_container.start(
                engine, identity, port, aws_instance.settings(aws_container.container_name(identity))
            )
            client = engine.endpoint.client()
            _wait(
                partial(aws_container.is_running, client, identity),
                partial(aws_container.last_lines, client, identity),
                lambda log: aws_container.state_error(log, identity),
            )
            return
        own = ((address, port) for address in _addresses(engine))
        addresses = tuple(f"{address}:{port}" for address, port in (*own, *doors.listening()))
        aws_container.ensure_network(engine.endpoint.client(), identity, isolated=True)
        settings = aws_instance.settings(None) | engine.endpoint.environment()
        pid = aws_process.start(aws_instance.folder(), addresses, settings)
        _wait(
            partial(aws_process.is_alive, aws_instance.folder(), pid),
            partial(_last_line, aws_process.log_file(aws_instance.folder())),
            partial(aws_process.state_error, folder=aws_instance.folder()),
        )


def _wait(
    alive: Callable[[], bool], last_line: Callable[[], str], state_error: Callable[[str], DeployError | None]
) -> None:
    """Waits until the local AWS answers. Raises ``DeployError``: of its state by ``state_error`` of its last line."""
    deadline = time.monotonic() + _START_SECONDS
    while not aws_instance.is_current(aws_instance.query()):
        if not alive() or time.monotonic() > deadline:
            line = last_line()
            raise state_error(line) or DeployError(
                f"The local AWS does not come up: {line.strip()}",
                f"Look at {aws_process.log_file(aws_instance.folder())}, then run this again.",
            )
        time.sleep(0.05)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "its log is empty"


def _require_port(instance: Instance | None, engine: docker.Docker) -> None:
    """Raises ``DeployError`` where any program but our own local AWS has the port."""
    if instance and not aws_instance.is_ours(instance):
        raise aws_port.taken_error(f"the local AWS of {instance.checkout}")
    port = paths.aws_port()
    if instance is None and not ports.is_free(port, _addresses(engine)):
        owner = ports.owner(port)
        if not _is_ours(owner, engine, port):
            raise aws_port.taken_error(owner)
    for address, port in doors.listening():
        if not ports.is_free(port, (address,)) and not _is_ours(owner := ports.owner(port), engine, port):
            raise DeployError(
                f"A stack cannot listen at {address}:{port}: {owner} has the port, or there is no such address.",
                "Give psn-emulator:listen what is free here, in infrastructure.",
            )


def _is_ours(owner: str, engine: docker.Docker, port: int) -> bool:
    """Whether our own local AWS has the port, also where it does not answer."""
    pid = aws_process.running_pid(aws_instance.folder())
    if pid is not None and owner.endswith(f"(process {pid})"):
        return True
    identity = aws_instance.known_identity()
    return bool(identity) and aws_container.publishes(engine.endpoint.client(), str(identity), port)


def _addresses(engine: docker.Docker) -> tuple[str, ...]:
    """The addresses that it listens on: loopback, and the one by which containers reach this machine."""
    return ("127.0.0.1", *([engine.bridge_ip] if engine.bridge_ip else []))


def _stop_outdated(instance: Instance | None) -> None:
    """Stops our ``instance``, whose settings are out of date or whose folder was deleted, before a new start."""
    orphaned = instance is not None and instance.identity != aws_instance.identity()
    if instance:
        display.say(
            "Restarting the local AWS: " + ("its folder was deleted" if orphaned else "its settings changed")
        )
    _stop(instance)
    if orphaned:
        shutil.rmtree(aws_instance.folder() / "state", ignore_errors=True)


def _stop(instance: Instance | None) -> bool:
    """Stops our ``instance``, or one of this folder that does not answer on the port; whether there was one."""
    in_process = instance is not None and not instance.container
    pid = instance.pid if instance and in_process else aws_process.running_pid(aws_instance.folder())
    if pid is not None:
        with display.progress("Stopping the local AWS", "its state is written"):
            if not aws_process.stop(pid):
                display.say(
                    f"  It did not end in time and was killed: what was written in its {_LAST_SECONDS} is lost"
                )
    identity = instance.identity if instance else aws_instance.known_identity()
    had_container = bool(identity) and docker.is_running() and _stop_containers(str(identity))
    return pid is not None or had_container


def _stop_containers(identity: str) -> bool:
    """Stops the local AWS's container and removes those of its functions; whether it had a container."""
    client = docker.endpoint().client()
    stopped = aws_container.stop(client, identity)
    for container in client.containers.list(all=True, filters={"label": _OWNER_LABEL}, ignore_removed=True):
        if container.labels[_OWNER_LABEL].startswith(f"{aws_instance.hostname(identity)}:"):
            container.remove(force=True, v=True)
    aws_container.remove_network(client, identity)
    return stopped
