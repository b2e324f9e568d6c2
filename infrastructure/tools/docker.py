"""The Docker engine: its endpoint, whether it answers, and whether its containers can reach this machine."""

import hashlib
import ipaddress
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infrastructure.errors import DeployError
from infrastructure.tools import docker_daemon

if TYPE_CHECKING:
    from docker import DockerClient

_DEFAULT = "unix:///var/run/docker.sock"
_PING_SECONDS = 5
_CALL_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The URL of a Docker engine, and its source: ``DOCKER_HOST``, ``context 'name'`` or ``default``.

    ``certificates`` is the folder of the client's TLS files, where it needs them.
    """

    host: str
    source: str
    certificates: Path | None = None

    def client(self, seconds: float = _CALL_SECONDS) -> "DockerClient":
        """The SDK's client of this engine; ``seconds`` is the time limit of one answer."""
        import docker

        tls: Any = False
        if self.certificates:
            pair = (str(self.certificates / "cert.pem"), str(self.certificates / "key.pem"))
            tls = docker.tls.TLSConfig(
                client_cert=pair, ca_cert=str(self.certificates / "ca.pem"), verify=True
            )
        return docker.DockerClient(base_url=self.host, tls=tls, timeout=int(seconds))

    def environment(self) -> dict[str, str]:
        """The environment variables that make Docker clients and SDKs use this engine."""
        variables = {"DOCKER_HOST": self.host}
        if self.certificates:
            variables |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(self.certificates)}
        return variables


@dataclass(frozen=True, slots=True)
class Docker:
    """An engine that answers.

    ``remote``     its containers cannot reach a process of this machine, so the local AWS has to be one of them.
    ``bridge_ip``  the address of this machine as its containers see it; ``None`` when remote.
    ``socket``     the path of the engine's socket, as its containers can mount it.
    """

    endpoint: Endpoint
    remote: bool
    bridge_ip: str | None
    socket: str = _DEFAULT.removeprefix("unix://")

    def __str__(self) -> str:
        where = "its containers do not reach this machine" if self.remote else "on this machine"
        return f"{self.endpoint.host}, {where}"


def ensure() -> Docker:
    """The Docker engine that commands use; one that does not answer is started, or installed and started.

    Raises ``DeployError`` when that is not possible, or when this user may not use the engine.
    """
    engine = endpoint()
    if cause := _failure(engine):
        _refuse_if_start_cannot_help(engine, cause)
        docker_daemon.start(partial(_failure, engine))
    return _inspect(engine)


def is_running() -> bool:
    """Whether the Docker engine answers now; starts nothing."""
    return _failure(endpoint()) is None


def info() -> Mapping[str, Any] | None:
    """What the Docker engine tells of itself now; ``None`` where it does not answer. Starts nothing."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        told: Mapping[str, Any] = endpoint().client(_PING_SECONDS).info()
    except (DockerException, RequestException, OSError):
        return None
    return told


def endpoint(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """The engine that the ``docker`` command would use: ``DOCKER_HOST``, the selected context, or the default.

    Raises ``DeployError`` for a context that does not exist and for a configuration that cannot be read.
    """
    config = Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
    if host := environment.get("DOCKER_HOST"):
        verify = environment.get("DOCKER_TLS_VERIFY")
        certificates = Path(environment.get("DOCKER_CERT_PATH") or config) if verify else None
        return Endpoint(host, "DOCKER_HOST", certificates)
    context = environment.get("DOCKER_CONTEXT") or _read_json(config / "config.json").get("currentContext")
    if context and context != "default":
        return _context(config / "contexts", str(context))
    sockets = [Path(_DEFAULT.removeprefix("unix://")), Path.home() / ".docker/run/docker.sock"]
    sockets.append(Path(environment.get("XDG_RUNTIME_DIR") or "/run/user") / "docker.sock")
    existing = next((path for path in sockets if path.exists()), sockets[0])
    return Endpoint(f"unix://{existing}", "default")


def is_remote(host: str, info: Mapping[str, Any], bridge_ip: str | None) -> bool:
    """Whether containers of the engine at ``host`` cannot reach a process of this machine.

    They can when the engine's bridge is an interface of this machine: its address, ``bridge_ip``, can be bound here.
    They cannot when the engine runs in another machine (Docker Desktop, a VM, another host) or in a network namespace
    (rootless). Without a bridge the host name in ``info``, the answer of ``docker info``, decides.
    """
    if host.startswith(("tcp://", "http://", "https://")):
        address = host.split("//")[1].rsplit(":", 1)[0]
        if address not in {"localhost", "127.0.0.1", "[::1]"}:
            return True
    elif not host.startswith("unix://"):
        return True
    if _is_rootless(info):
        return True
    if "Docker Desktop" in str(info.get("OperatingSystem")):
        return True
    if bridge_ip:
        return not _can_bind(bridge_ip)
    return info.get("Name") != socket.gethostname()


def login(registry: str, token: str) -> None:
    """Logs the Docker client in to ``registry`` with an ECR authorization token (base64 of ``user:password``).

    Raises ``DeployError`` when there is no ``docker`` command or the registry refuses.
    """
    import base64

    user, _, password = base64.b64decode(token).decode().partition(":")
    if not (command := shutil.which("docker")):
        raise DeployError(
            "There is no docker command to log in with.", "Install the Docker client (docker-cli)."
        )
    outcome = subprocess.run(
        [command, "login", "--username", user, "--password-stdin", registry],
        input=password,
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise DeployError(
            f"The registry {registry} refuses the login: {outcome.stderr.strip()}",
            "Check that the credentials may push to it.",
        )


def _refuse_if_start_cannot_help(engine: Endpoint, cause: str) -> None:
    if "permission denied" in cause.lower():
        raise DeployError(
            f"This user may not use the Docker engine at {engine.host}.",
            "Join its group (sudo usermod -aG docker $USER, then log in again), or run rootless Docker.",
        )
    if engine.host.startswith("ssh://"):
        raise DeployError(
            f"The Docker engine at {engine.host} is reached over SSH, which a deploy cannot use.",
            "Forward its socket (ssh -L /tmp/docker.sock:/var/run/docker.sock HOST) and set "
            "DOCKER_HOST=unix:///tmp/docker.sock.",
        )
    if engine.source != "default":
        raise DeployError(
            f"The Docker engine at {engine.host} ({engine.source}) does not answer: {cause}.",
            f"Start it, or choose another: unset {engine.source}."
            if engine.source == "DOCKER_HOST"
            else "Start it, or choose another: docker context use default.",
        )


def _failure(engine: Endpoint) -> str | None:
    """The reason why the engine does not answer; ``None`` when it does."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        engine.client(_PING_SECONDS).ping()
    except (DockerException, RequestException, OSError) as error:
        return str(error)
    return None


def _inspect(engine: Endpoint) -> Docker:
    client = engine.client()
    info = client.info()
    bridge_ip = _bridge_ip(client)
    remote = is_remote(engine.host, info, bridge_ip)
    docker = Docker(engine, remote, None if remote else bridge_ip)
    # Only of a rootless engine is the socket's path on this side also the one on the engine's side.
    return replace(docker, socket=engine.host.removeprefix("unix://")) if _is_rootless(info) else docker


def _is_rootless(info: Mapping[str, Any]) -> bool:
    return any("rootless" in str(option) for option in info.get("SecurityOptions") or ())


def _bridge_ip(client: "DockerClient") -> str | None:
    """The engine's address on its default bridge; ``None`` when it has no bridge."""
    for network in client.networks.list(names=["bridge"]):
        for config in (network.attrs.get("IPAM") or {}).get("Config") or ():
            if gateway := config.get("Gateway"):
                return str(gateway)
            if subnet := config.get("Subnet"):
                return str(ipaddress.ip_network(subnet)[1])
    return None


def _can_bind(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _context(folder: Path, name: str) -> Endpoint:
    """The endpoint of a context of the ``docker`` command, whose folders are named by the hash of its name."""
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = _read_json(folder / "meta" / identity / "meta.json")
    host = meta.get("Endpoints", {}).get("docker", {}).get("Host")
    if not host:
        raise DeployError(
            f"The Docker context {name!r} is chosen but not there.", "Choose one: docker context use default."
        )
    certificates = folder / "tls" / identity / "docker"
    return Endpoint(str(host), f"context {name!r}", certificates if certificates.exists() else None)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DeployError(f"{path} cannot be read: {error}", "Repair it or remove it.") from error
    return content if isinstance(content, dict) else {}
