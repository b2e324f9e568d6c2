"""Identifies the local AWS on the port: each checkout's has an identity, which it answers over HTTP."""

import hashlib
import http.client
import json
import re
import shlex
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.local import doors
from infrastructure.tools import credentials, disk, docker, paths

SNAPSHOT = "/_psn-emulator/snapshot"
_INSTANCE = "/_psn-emulator/instance"
_DESCRIPTION = "PSN_EMULATOR_INSTANCE"
SERVER = Path(__file__).with_name("aws_server")
"""The package that is the local AWS's application."""

CONTROL = "psn-emulator"
"""The service for which requests to the local AWS's own routes are signed."""
_ANSWER_SECONDS = 5
_STRANGERS_SECONDS = 1
"""How long the program on the port may take to say whose it is where this checkout has had no local AWS."""
_IDENTITY = re.compile("[0-9a-f]{12}")
SERVICES = ("apigateway", "dynamodb", "ecr", "iam", "lambda", "logs", "secretsmanager", "sts")
"""The services that the stacks use. Others would run code on this machine for whoever asks."""
_MINISTACK = {
    "LAMBDA_EXECUTOR": "docker",
    "LAMBDA_STRICT": "1",
    "PERSIST_STATE": "1",
    # Who calls is told by the credentials, and may do what the policies of its role allow.
    "AUTH": "true",
    # Listeners on fixed ports of all interfaces, for services that nothing here uses.
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "SERVICES": ",".join(SERVICES),
}


@dataclass(frozen=True, slots=True)
class Instance:
    """What a local AWS of this project answers about itself.

    ``home`` is its checkout's ``LOCAL_HOME``, or the digest of that where it is asked over another interface than
    loopback; ``configuration`` a digest of the settings it was started with, ``pid`` its process id (in a container,
    that within it), ``credential`` a digest of the credential that it takes.
    """

    identity: str
    home: str
    configuration: str
    pid: int
    container: str | None
    credential: str = ""

    @property
    def checkout(self) -> str:
        """Its checkout in words."""
        return self.home if Path(self.home).is_absolute() else "another checkout"


def folder() -> Path:
    """The folder of this checkout's local AWS: its state, log and identity."""
    return paths.home() / "aws"


def query() -> Instance | None:
    """The local AWS of any checkout of this project that answers on the port; ``None`` when none does."""
    answer = request("GET", _INSTANCE, _ANSWER_SECONDS if known_identity() else _STRANGERS_SECONDS)
    try:
        return Instance(**json.loads(answer[1])) if answer and answer[0] == http.HTTPStatus.OK else None
    except (TypeError, ValueError):
        return None


def is_ours(instance: Instance | None) -> bool:
    """Whether ``instance`` is this checkout's."""
    home = str(paths.home())
    return instance is not None and instance.home in {home, hashlib.sha256(home.encode()).hexdigest()}


def is_current(instance: Instance | None) -> bool:
    """Whether ``instance`` is ours, has the identity in our folder, and was started with the present settings."""
    return (
        instance is not None
        and is_ours(instance)
        and instance.identity == known_identity()
        and instance.configuration == _configuration()
    )


def takes_our_credential(instance: Instance) -> bool:
    """Whether ``instance`` was started with this checkout's present credential."""
    return instance.credential == _credential()


def identity() -> str:
    """The identity of this checkout's local AWS, 12 hexadecimal digits, made on first use. Raises ``DeployError`` as
    :func:`check_identity` does."""
    check_identity()
    file = folder() / "identity"
    if not known_identity():
        disk.replace_file(file, f"{uuid.uuid4().hex[:12]}\n")
    disk.keep_backup(file)
    return str(known_identity())


def check_identity() -> None:
    """Raises ``DeployError`` where the identity is damaged or gone of a local AWS that has one: the containers of its
    functions, and its state where it is a container itself, are found by it."""
    file = folder() / "identity"
    backup = file.with_name("identity.bak")
    known = known_identity() or ""
    if _IDENTITY.fullmatch(known) or not (known or file.exists() or backup.exists()):
        return
    raise DeployError(
        f"The identity of the local AWS is {'damaged' if file.exists() else 'gone'}: {file}",
        f"Nothing was made anew. The way back is its backup: cp {shlex.quote(str(backup))} {shlex.quote(str(file))}"
        if backup.exists()
        else "There is no backup: make clean deletes the local state, then make deploy makes one anew.",
    )


def known_identity() -> str | None:
    """The identity of this checkout's local AWS; ``None`` where it has none yet, or none that can be read."""
    try:
        return (folder() / "identity").read_text().strip() or None
    except (OSError, ValueError):
        return None


def server_files() -> list[Path]:
    """The modules of ``SERVER``."""
    return sorted(SERVER.glob("*.py"))


def hostname(identity: str) -> str:
    """The host name given to ministack, which labels the containers it starts with it and its port."""
    return f"psn-{identity}"


def network_name(identity: str) -> str:
    """The name of the network of the functions' containers; also of the container and the volume of a local AWS that is
    in one."""
    return f"psn-emulator-aws-{identity}"


def settings(container: str | None) -> dict[str, str]:
    """The environment variables of ministack; ``container`` is the name of the one it runs in, if any."""
    description = {
        "identity": identity(),
        "home": str(paths.home()),
        "configuration": _configuration(),
        "container": container,
        "credential": _credential(),
    }
    return {
        **_MINISTACK,
        **credentials.local_aws().environment(),
        "LAMBDA_DOCKER_NETWORK": network_name(identity()),
        "GATEWAY_PORT": str(paths.aws_port()),
        "MINISTACK_HOSTNAME": hostname(identity()),
        _DESCRIPTION: json.dumps(description),
        doors.DOORS: doors.variable(),
    }


def signed_request(method: str, path: str, seconds: float) -> tuple[int, bytes] | None:
    """As ``request``, signed with the checkout's credential."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    own = credentials.local_aws()
    signed = AWSRequest(method, f"http://127.0.0.1:{paths.aws_port()}{path}")
    SigV4Auth(Credentials(own.access_key, own.secret_key), CONTROL, "local").add_auth(signed)
    return request(method, path, seconds, dict(signed.headers.items()))


def request(
    method: str, path: str, seconds: float, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes] | None:
    """The status and body of an HTTP request to the port; ``None`` when nothing answers HTTP within ``seconds``."""
    connection = http.client.HTTPConnection("127.0.0.1", paths.aws_port(), timeout=seconds)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _configuration() -> str:
    """A digest of all settings with which an instance of this checkout is started."""
    server = [path.read_text() for path in server_files()]
    own = [version("ministack"), server, _MINISTACK, docker.endpoint().environment(), _credential()]
    parts = [*own, doors.variable(), doors.listening()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _credential() -> str:
    """A digest of the checkout's credential, from which that cannot be guessed: it is 32 random bytes."""
    return hashlib.sha256(credentials.local_aws().secret_key.encode()).hexdigest()[:12]
