"""The emulator alone in a container of the image, reached by its public names: by a process of this machine at the
container's address, and by another container at a name, over HTTP and over TLS."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infrastructure.commands.run_local import LOCAL_IMAGE
from tests.support import node
from tests.support.checkout import Checkout
from tests.support.served import make_certificate

_NAME = "partner.test"
_PORT = 8080
_SERVE = (
    "address=$(python3.13 -c 'import socket; print(socket.gethostbyname(socket.gethostname()))')\n"
    'exec sh entrypoint.sh serve --public-url "$0://$address:8080" --issuer-host partner.test:8080 "$@"'
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of openid-client."""
    package = Path(__file__).with_name("openid_client")
    return node.installed(package, tmp_path_factory.mktemp("openid_client"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate for the name, and for any address that Docker may give the container."""
    folder = tmp_path_factory.mktemp("certificate")
    form = "{{(index .IPAM.Config 0).Gateway}}"
    network, _, _ = _docker("network", "inspect", "bridge", "--format", form).rpartition(".")
    make_certificate(folder, f"DNS:{_NAME}", *(f"IP:{network}.{host}" for host in range(2, 255)))
    for path, mode in ((folder, 0o755), (folder / "key.pem", 0o644)):  # the container has a user of its own
        path.chmod(mode)
    return folder


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_is_one_issuer_by_each_of_its_names(
    deployed: Checkout, client: Path, certificate: Path, scheme: str
) -> None:
    assert "Built" in deployed.done("build-local")
    pems = ["--tls-cert", "/tls/cert.pem", "--tls-key", "/tls/key.pem"] if scheme == "https" else []
    with _served(scheme, *pems, certificate=certificate) as address:
        here = _told(
            [node.NODE, "reach.mjs"],
            cwd=client,
            env={
                "API": f"{scheme}://{address}:{_PORT}",
                "NODE_EXTRA_CA_CERTS": str(certificate / "cert.pem"),
            },
        )
        there = _told(
            [
                *("docker", "run", "--rm", "--add-host", f"{_NAME}:{address}"),
                *("-e", f"API={scheme}://{_NAME}:{_PORT}", "-e", "NODE_EXTRA_CA_CERTS=/tls/cert.pem"),
                *("-v", f"{certificate}:/tls:ro", "-v", f"{client}:/client:ro"),
                *("-v", f"{node.NODE}:/node:ro"),
                *("-w", "/client", "--entrypoint", "/node", LOCAL_IMAGE, "reach.mjs"),
            ]
        )
    for told, host in ((here, address), (there, _NAME)):
        url = f"{scheme}://{host}:{_PORT}"
        assert told == {
            "issuer": url,
            "iss": url,
            "claimed": url,
            "same": True,
            "players": 200,
            "refused": "OAUTH_INVALID_RESPONSE",
        }


@contextmanager
def _served(scheme: str, *options: str, certificate: Path) -> Iterator[str]:
    """The address of a container that serves while the block runs."""
    name = f"psn-emulator-test-{uuid4().hex[:8]}"
    volume = ["-v", f"{certificate}:/tls:ro", "--shm-size", "256m"]
    start = ["--entrypoint", "sh", LOCAL_IMAGE, "-c", _SERVE, scheme, *options]
    _docker("run", "--detach", "--name", name, *volume, *start)
    try:
        logs = subprocess.Popen(["docker", "logs", "--follow", name], stdout=subprocess.PIPE, text=True)
        with logs:
            try:
                assert logs.stdout is not None
                assert "Serving" in logs.stdout.readline(), _docker("logs", name)
                yield _docker("inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", name)
            finally:
                logs.terminate()
    finally:
        _docker("rm", "--force", name)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _told(command: list[Any], **where: Any) -> dict[str, Any]:
    """What the script that ``command`` runs says."""
    done = subprocess.run(command, **where, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told
