"""The functions' containers: what they may do, whose credentials they have, and when they end.

As on AWS, a container serves one version, finishes its answers before it ends, and cannot write but to ``/tmp``.
"""

import base64
import hashlib
import hmac
import threading
import time
from typing import Any

from docker import DockerClient
from docker.errors import DockerException
from docker.models.containers import Container, ContainerCollection
from docker.models.images import ImageCollection

from . import internals, invocation, signatures

_functions = internals.functions

_TMP_BYTES = 512 << 20
"""The size of ``/tmp``, and ``_PROCESSES`` the number of processes and threads (AWS Lambda Developer Guide: "Lambda
quotas")."""
_PROCESSES = 1024

LINGER_SECONDS = 60.0
"""How long a container that serves nothing any more outlives a change of its function."""


def restrictions(memory: str) -> dict[str, Any]:
    """The settings of a container with so many MiB of ``memory``."""
    return {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={_TMP_BYTES}"},  # noqa: S108 # nosec B108 - its own
        "mem_limit": f"{memory}m",
        "memswap_limit": f"{memory}m",
        "pids_limit": _PROCESSES,
    }


class _Containers(ContainerCollection):
    """Containers that may do what a function may."""

    def create(  # type: ignore[override]  # that of the base class's own base takes one argument
        self, image: Any, command: Any = None, **settings: Any
    ) -> Container:
        memory = settings["environment"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        entry = {"entrypoint": invocation.entrypoint()}
        return super().create(image, command, **entry | settings | restrictions(memory))


class _Images(ImageCollection):
    """Images, of which those of this server's registry are fetched with its password."""

    def pull(self, repository: str, **settings: Any) -> Any:  # type: ignore[override]  # as ministack calls it
        if repository.startswith(f"localhost:{internals.port}/"):
            token = base64.b64decode(signatures.registry_token(internals.secret_key)).decode()
            user, _, password = token.partition(":")
            settings["auth_config"] = {"username": user, "password": password}
        return super().pull(repository, **settings)


class _Docker(DockerClient):
    """Docker, as it starts functions."""

    @property
    def containers(self) -> ContainerCollection:
        return _Containers(client=self)

    @property
    def images(self) -> ImageCollection:
        return _Images(client=self)


def _docker() -> DockerClient | None:
    """The client by which ministack starts functions; ``None`` where Docker does not answer."""
    if _functions._cached_docker_client is None:
        try:
            _functions._cached_docker_client = _Docker.from_env(timeout=_functions._DOCKER_TIMEOUT)
        except DockerException:
            return None
    client: DockerClient = _functions._cached_docker_client
    return client


def _credentials(configuration: dict[str, Any]) -> dict[str, str]:
    """The credentials of a function's role, as environment variables.

    ministack computes its own from the function's name, which anybody can do. These follow from the checkout's secret
    key too, so that all containers of a function have the same, also after a restart.
    """
    account, _ = _functions._account_region_from_function_config(configuration)
    role = configuration.get("Role", "")
    name = configuration["FunctionName"]
    owner = f"{configuration['FunctionArn']}:{role}"
    key = f"ASIA{_derived('key', owner)[:16].upper()}"
    secret, token = _derived("secret", owner), _derived("token", owner)
    role_name = role.rpartition("/")[2]
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name[:64]}",
        "UserId": f"{role_name}:{name[:64]}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    internals.sessions.register_session(key, session)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _derived(kind: str, owner: str) -> str:
    return hmac.new(internals.secret_key.encode(), f"{kind}:{owner}".encode(), hashlib.sha256).hexdigest()


def _pool_key(function: str, configuration: dict[str, Any]) -> str:
    """The key of the containers that are interchangeable.

    ministack's own key has no version: two versions of one image would answer with each other's settings.
    """
    account, region = _functions._account_region_from_function_config(configuration)
    return f"{account}:{region}:{function}:{configuration['Version']}:{configuration.get('ImageUri')}"


def _retire(account: str, function: str) -> None:
    """Ends the containers of a function that was deleted; those of one that was changed ``LINGER_SECONDS`` later.

    ministack's own function kills all of them at once. As on AWS, a version whose function is changed serves on, and so
    does one that an alias is moved back to.
    """
    with _functions._warm_pool_lock:
        keys = [key for key in _functions._warm_pool if key.split(":")[:3:2] == [account, function]]
        entries = [entry for key in keys for entry in _functions._warm_pool[key]]
    if function not in _functions._functions:
        _end(entries)
    elif entries:
        timer = threading.Timer(LINGER_SECONDS, _end_unused, (entries, time.time()))
        timer.daemon = True
        timer.start()


def _end_unused(entries: list[dict[str, Any]], since: float) -> None:
    """Ends those that answered nothing ``since`` then (seconds since 1970); the others end as all idle ones do."""
    _end([entry for entry in entries if entry["last_used"] <= since])


def _end(entries: list[dict[str, Any]]) -> None:
    """Takes containers out of service, and ends the idle ones."""
    with _functions._warm_pool_lock:
        for pooled in _functions._warm_pool.values():
            pooled[:] = [entry for entry in pooled if entry not in entries]
        for entry in entries:
            entry["retired"] = True
        idle = [entry for entry in entries if not entry["in_use"]]
    for entry in idle:
        _kill(entry)


def _release(entry: dict[str, Any]) -> None:
    """Returns a container to the pool after its answer, or ends it where it was taken out of service."""
    with _functions._warm_pool_lock:
        entry |= {"in_use": False, "last_used": time.time()}
        retired = "retired" in entry
    if retired:
        _kill(entry)


def _kill(entry: dict[str, Any]) -> None:
    """Ends a container in the background."""
    threading.Thread(target=_functions._kill_pool_entry, args=(entry,), daemon=True).start()


_functions._get_docker_client = _docker
_functions.execution_credentials = _credentials
_functions._warm_pool_key = _pool_key
_functions._pool_kill_function = _retire
_functions._pool_release = _release
