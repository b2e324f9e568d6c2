"""What a command needs around it: on a local stack the embedded AWS, on an AWS stack credentials that work."""

from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor

from infrastructure.cloud import registry, session
from infrastructure.errors import DeployError
from infrastructure.local import aws, base_image
from infrastructure.stack.settings import Settings
from infrastructure.tools import disk, docker, engine, paths

_ROOM_MIB = 256
"""What the local AWS and the engine write anew, beside what they wrote before, with some to spare."""


def ready(settings: Settings) -> None:
    """Sets up what deploying the stack takes; costs nothing but a look where all is in place.

    The engine may have to be built and the base image made: both at once. Raises ``DeployError``, also where the
    local AWS would run out of disk while it writes what was deployed.
    """
    if settings.local:
        disk.require_space(paths.home(), _ROOM_MIB, "to deploy")
    with ThreadPoolExecutor(max_workers=1) as pool:
        found = pool.submit(engine.resolve)
        if settings.local:
            base_image.recorded() or base_image.ensure()
            aws.ensure()
        else:
            session.check_credentials(settings)
        found.result()


def reachable(settings: Settings) -> None:
    """Has the engine and the stack's AWS at hand: all that moving an alias takes. A local AWS that runs is left as
    it is, also where a deploy would start it anew with other settings. Raises ``DeployError``."""
    engine.resolve()
    if not settings.local:
        session.check_credentials(settings)
    elif not aws.status().running:
        aws.ensure()


def check_readable(settings: Settings, accounts: Set[str]) -> None:
    """Raises ``DeployError`` when what is in the stack's AWS, in these ``accounts``, cannot be read now; starts
    nothing."""
    if not settings.local:
        session.check_credentials(settings, accounts)
    elif not (found := aws.status()).running:
        raise DeployError(f"The local AWS: {found}.", f"Start it: make deploy STACK={settings.stack}")


def ready_to_build(settings: Settings) -> None:
    """Sets up what building and pushing the stack's image takes. Raises ``DeployError``."""
    docker.ensure()
    base_image.ensure(local=settings.local)
    if not settings.local:
        registry.docker_login(settings)


def settle(settings: Settings) -> None:
    """Has what a command has made or deleted survive a crash: the local AWS writes its state, which AWS needs nobody
    to ask."""
    if settings.local:
        aws.snapshot()
