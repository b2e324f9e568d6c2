"""What a command needs around it: on a local stack the embedded AWS, on an AWS stack credentials that work."""

from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.errors import DeployError
from infrastructure.local import aws, base_image
from infrastructure.stack.settings import Settings, is_local
from infrastructure.tools import disk, docker, engine, paths

_ROOM_MIB = 256
"""What the local AWS and the engine write anew, beside what they wrote before, with some to spare."""

_FETCH_SECONDS = 300
"""How long Docker may say nothing while it fetches an image from this machine."""

_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})
"""Every function is asked about at once, and Lambda lets an account ask 15 times a second (AWS Lambda Developer
Guide: Lambda quotas)."""

LOG_IN = "Log in (aws sso login, or AWS_PROFILE=…), then run this again."
"""What to do where AWS refuses the credentials."""


def ready(stack: str) -> None:
    """Sets up what deploying ``stack`` takes; costs nothing but a look where all is in place.

    The engine may have to be built and the base image made: both at once. Raises ``DeployError``, also where the
    local AWS would run out of disk while it writes what was deployed.
    """
    if is_local(stack):
        disk.need_room(paths.home(), _ROOM_MIB, "to deploy")
    with ThreadPoolExecutor(max_workers=1) as pool:
        found = pool.submit(engine.resolve)
        if is_local(stack):
            base_image.recorded() or base_image.ensure()
        if is_local(stack):
            aws.ensure()
        else:
            check_credentials(stack)
        found.result()


def reachable(stack: str) -> None:
    """Has the engine and the stack's AWS at hand: all that moving an alias takes. A local AWS that runs is left as
    it is, also where a deploy would start it anew with other settings. Raises ``DeployError``."""
    engine.resolve()
    if not is_local(stack):
        check_credentials(stack)
    elif not aws.status().running:
        aws.ensure()


def check_readable(stack: str, accounts: Set[str]) -> None:
    """Raises ``DeployError`` when what is in the stack's AWS, in these ``accounts``, cannot be read now; starts
    nothing."""
    if not is_local(stack):
        check_credentials(stack, accounts)
    elif not (found := aws.status()).running:
        raise DeployError(f"The local AWS: {found}.", f"Start it: make deploy STACK={stack}")


def ready_to_build(stack: str) -> None:
    """Sets up what building and pushing the image of ``stack`` takes."""
    docker.ensure()
    base_image.ensure(local=is_local(stack))
    if not is_local(stack):
        docker_login(stack)


def settle(stack: str) -> None:
    """Has what a command has made or deleted survive a crash: the local AWS writes its state, which AWS needs nobody
    to ask."""
    if is_local(stack):
        aws.snapshot()


def session(settings: Settings, stack: str) -> boto3.Session:
    """The AWS session of the stack: its region and profile; fixed test credentials on a local stack."""
    if is_local(stack):
        return boto3.Session("test", "test", region_name=settings.region)
    return boto3.Session(profile_name=settings.profile, region_name=settings.region)


def client_options(stack: str) -> dict[str, Any]:
    """Where the stack's AWS is and how it is asked, as arguments of ``Session.client``."""
    return {"endpoint_url": paths.aws_endpoint()} if is_local(stack) else {"config": _PATIENT}


def check_credentials(stack: str, accounts: Set[str] = frozenset()) -> None:
    """Raises ``DeployError`` when the stack's credentials open no AWS account, or another than it belongs to: by its
    file, or because its resources are in these ``accounts``."""
    settings = Settings.load(stack)
    try:
        identity = session(settings, stack).client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"AWS refuses the credentials for stack {stack!r}: {error}",
            LOG_IN,
        ) from error
    named = {settings.account_id} if settings.account_id else set()
    if others := sorted((accounts | named) - {identity["Account"]}):
        raise DeployError(
            f"The credentials open account {identity['Account']}, stack {stack!r} is of {', '.join(others)}.",
            "Log in to that account (aws:profile, or AWS_PROFILE=…), then run this again.",
        )


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """A registry's host, with its port where it has one, and the base64 of ``user:password``; empty where none is
    asked for."""

    host: str
    token: str


def registry_access(settings: Settings) -> RegistryAccess:
    """The stack's registry and what opens it. Raises ``DeployError`` when AWS gives no token."""
    if settings.local:
        return RegistryAccess(f"localhost:{paths.aws_port()}", "")
    try:
        answer = session(settings, settings.stack).client("ecr").get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The registry of stack {settings.stack!r} gives no token: {error}",
            "Log in (aws sso login, or AWS_PROFILE=…), and check ecr:GetAuthorizationToken.",
        ) from error
    granted = answer["authorizationData"][0]
    return RegistryAccess(granted["proxyEndpoint"].removeprefix("https://"), granted["authorizationToken"])


def fetch_image(settings: Settings, tag: str) -> None:
    """Has Docker hold an image of a local stack's repository before functions start from it; fetching it would go
    from the time they have to answer. Lambda sees to that itself when it makes a function.

    Raises ``DeployError`` when Docker does not answer or cannot fetch it.
    """
    if not settings.local:
        return
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    repository = f"{registry_access(settings).host}/{settings.names.base}"
    try:
        docker.endpoint().client(_FETCH_SECONDS).images.pull(repository, tag)
    except (DockerException, RequestException) as error:
        raise DeployError(
            f"Docker cannot fetch {repository}:{tag}: {' '.join(str(error).split())}",
            "Look at it: make check-docker",
        ) from error


def docker_login(stack: str) -> str:
    """Logs Docker in to the stack's registry; the registry. A local stack's asks for no login."""
    access = registry_access(Settings.load(stack))
    if access.token:
        docker.login(f"https://{access.host}", access.token)
    return access.host
