"""A changed line of a handler until the new code answers over HTTP, against the steps that it cannot do without."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from infrastructure import get_image_tag
from infrastructure.program.image import build_arguments
from infrastructure.release.origin import origin
from infrastructure.tools import certificates
from tests.bench import stack
from tests.bench.measure import Contestants
from tests.bench.stack import Stack


def deploy_of_a_change(deployed: Stack) -> float:
    """Seconds of ``make deploy`` after a change until ``GET /`` answers from it."""
    name = deployed.change()
    start = time.perf_counter()
    deployed.checkout.done("deploy")
    deployed.wait_for(name)
    return time.perf_counter() - start


@contextmanager
def contestants() -> Iterator[Contestants]:
    """``make deploy``, and ``docker build``, ``docker push`` and the engine alone with that image, added up.

    The engine alone updates the same functions, whose new versions answer the same smoke events.
    """
    with stack.deployed() as deployed:
        yield lambda: deploy_of_a_change(deployed), lambda: _bare_steps(deployed)


def _bare_steps(deployed: Stack) -> float:
    folder, environment = deployed.checkout.folder, deployed.checkout.environment
    name = deployed.change()
    tag = stack.done(folder, ["python3", "infrastructure/get_image_tag.py"], environment).strip()
    image = f"{deployed.checkout.json('outputs')['ecr_url']}:{tag}"
    flags = ["--platform", get_image_tag.host_platform(), "--tag", image]
    arguments = build_arguments(
        get_image_tag.recorded_base_image(), tag, origin(), certificates.extra_authorities()
    )
    flags += [word for item in arguments.items() for word in ("--build-arg", "=".join(item))]
    start = time.perf_counter()
    stack.done(folder, ["docker", "build", *flags, "."])
    stack.done(folder, ["docker", "push", image])
    deployed.engine_alone(tag)
    seconds = time.perf_counter() - start
    deployed.wait_for(name)
    return seconds
