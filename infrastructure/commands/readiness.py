"""Prepares what commands need: the engine, and on a local stack the local AWS, on another credentials that work."""

from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor

from infrastructure.automation import plugins
from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.local import aws, aws_port, base_image, doors
from infrastructure.stack.settings import Settings
from infrastructure.tools import disk, docker, engine, paths

_ROOM_MIB = 256
"""What the local AWS and the engine write in a deploy, rounded up."""


def prepare_deploy(settings: Settings) -> None:
    """Sets up what deploying the stack takes and is missing: the engine and, at the same time, the base image and the
    local AWS. On AWS the credentials are checked.

    Raises ``DeployError``, on a local stack also with less than 256 MiB of free disk.
    """
    if settings.local:
        disk.require_space(paths.home(), _ROOM_MIB, "to deploy")
        aws_port.settle()
        doors.note(settings)
    with ThreadPoolExecutor(max_workers=1) as pool:
        resolving = pool.submit(engine.resolve)
        if settings.local:
            base_image.recorded() or base_image.ensure()
            aws.ensure()
        else:
            session.check_credentials(settings)
        resolving.result()


def prepare_aws(settings: Settings) -> None:
    """Sets up what moving an alias takes: the engine and the stack's AWS. A local AWS that runs is left as it is, also
    where a deploy would restart it with other settings, unless it takes another credential. Raises ``DeployError``."""
    engine.resolve()
    if not settings.local:
        session.check_credentials(settings)
    elif not ((status := aws.status()).running and status.open):
        aws.ensure()


def require_aws(settings: Settings, accounts: Set[str]) -> None:
    """Raises ``DeployError`` unless the stack's AWS can be read as it is: a local one runs, or the credentials are of
    these ``accounts``. Starts nothing."""
    if not settings.local:
        session.check_credentials(settings, accounts)
    elif not (status := aws.status()).running:
        raise DeployError(f"The local AWS: {status}.", f"Start it: make deploy STACK={settings.stack}")
    elif not status.open:
        raise DeployError(
            "The local AWS was started with another credential than this checkout has now.",
            f"Restart it: make deploy STACK={settings.stack}",
        )


def prepare_build(settings: Settings) -> None:
    """Sets up what building and pushing the stack's image takes. Raises ``DeployError``, also for an image for AWS
    whose base image may be another one tomorrow."""
    if not (settings.local or settings.base_image_digest):
        raise DeployError(
            f"The base image of stack {settings.stack!r} has no digest: what is built would be anybody's guess.",
            f"Note the one of today, and commit it: make update-base STACK={settings.stack}",
        )
    docker.ensure()
    base_image.ensure(local=settings.local)
    if (
        not settings.local or plugins.decide(settings).official
    ):  # the stand-in hands Docker the password itself
        from infrastructure.cloud import registry  # the registry's client takes 0.2 s to import

        registry.docker_login(settings)


def persist(settings: Settings) -> None:
    """Has the local AWS write its state, so that what a command has changed survives a crash. Does nothing on AWS."""
    if settings.local:
        aws.snapshot()
