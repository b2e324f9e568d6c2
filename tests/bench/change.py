"""A changed line of a handler until the new code answers over HTTP, against the steps that it cannot do without."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from infrastructure import get_image_tag
from infrastructure.program.image import build_arguments
from infrastructure.release.origin import origin
from infrastructure.tools import certificates
from tests.bench.measure import Contestants
from tests.bench.stack import Stack, Stacks


@contextmanager
def contestants(stacks: Stacks) -> Iterator[Contestants]:
    """``make deploy``, and ``docker build``, ``docker push`` and the engine alone with that image, added up.

    The engine alone updates the same functions, whose new versions answer the same smoke events.
    """
    deployed = stacks.deployed
    yield lambda: deploy_of_a_change(deployed), lambda: _bare_steps_of_a_change(deployed)


def deploy_of_a_change(stack: Stack) -> float:
    """Seconds of ``make deploy`` after a change until ``GET /`` answers from it."""
    name = stack.change()
    start = time.perf_counter()
    stack.deploy()
    stack.wait_for(name)
    return time.perf_counter() - start


def bare_steps(stack: Stack, image: str) -> float:
    """Seconds of ``docker build`` of the tree as ``image``, its ``docker push``, and the engine alone with it."""
    tag = image.rpartition(":")[2]
    flags = ["--platform", get_image_tag.host_platform(), "--tag", image]
    arguments = build_arguments(
        get_image_tag.recorded_base_image(), tag, origin(), certificates.extra_authorities()
    )
    flags += [word for item in arguments.items() for word in ("--build-arg", "=".join(item))]
    start = time.perf_counter()
    stack.done("docker", "build", *flags, ".")
    stack.done("docker", "--config", str(stack.docker_login()), "push", image)
    stack.engine_alone("up", tag)
    return time.perf_counter() - start


def image_of(stack: Stack) -> str:
    """The reference of the image of the stack's tree, which is not made yet."""
    tag = stack.done("python3", "infrastructure/get_image_tag.py").strip()
    return f"{stack.repository}:{tag}"


def _bare_steps_of_a_change(stack: Stack) -> float:
    name = stack.change()
    seconds = bare_steps(stack, image_of(stack))
    stack.wait_for(name)
    return seconds
