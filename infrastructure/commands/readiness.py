"""What a command needs around it: on a local stack the embedded AWS, on an AWS stack credentials that work."""

from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor

from infrastructure.cloud import registry, session
from infrastructure.errors import DeployError
from infrastructure.local import aws, base_image
from infrastructure.stack.settings import Settings, is_local
from infrastructure.tools import disk, docker, engine, paths

_ROOM_MIB = 256
"""What the local AWS and the engine write anew, beside what they wrote before, with some to spare."""


def ready(stack: str) -> None:
    """Sets up what deploying ``stack`` takes; costs nothing but a look where all is in place.

    The engine may have to be built and the base image made: both at once. Raises ``DeployError``, also where the
    local AWS would run out of disk while it writes what was deployed.
    """
    if is_local(stack):
        disk.require_space(paths.home(), _ROOM_MIB, "to deploy")
    with ThreadPoolExecutor(max_workers=1) as pool:
        found = pool.submit(engine.resolve)
        if is_local(stack):
            base_image.recorded() or base_image.ensure()
        if is_local(stack):
            aws.ensure()
        else:
            session.check_credentials(Settings.load(stack))
        found.result()


def reachable(stack: str) -> None:
    """Has the engine and the stack's AWS at hand: all that moving an alias takes. A local AWS that runs is left as
    it is, also where a deploy would start it anew with other settings. Raises ``DeployError``."""
    engine.resolve()
    if not is_local(stack):
        session.check_credentials(Settings.load(stack))
    elif not aws.status().running:
        aws.ensure()


def check_readable(stack: str, accounts: Set[str]) -> None:
    """Raises ``DeployError`` when what is in the stack's AWS, in these ``accounts``, cannot be read now; starts
    nothing."""
    if not is_local(stack):
        session.check_credentials(Settings.load(stack), accounts)
    elif not (found := aws.status()).running:
        raise DeployError(f"The local AWS: {found}.", f"Start it: make deploy STACK={stack}")


def ready_to_build(stack: str) -> None:
    """Sets up what building and pushing the image of ``stack`` takes."""
    docker.ensure()
    base_image.ensure(local=is_local(stack))
    if not is_local(stack):
        registry.docker_login(Settings.load(stack))


def settle(stack: str) -> None:
    """Has what a command has made or deleted survive a crash: the local AWS writes its state, which AWS needs nobody
    to ask."""
    if is_local(stack):
        aws.snapshot()
