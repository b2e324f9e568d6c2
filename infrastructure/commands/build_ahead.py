"""Has Docker build the image's layers while the engine starts, whose own build then finds them made."""

import threading
from contextlib import suppress

from infrastructure.errors import DeployError
from infrastructure.local import base_image
from infrastructure.program.image import build_arguments
from infrastructure.release.release import Release
from infrastructure.stack.settings import Settings
from infrastructure.tools import certificates, docker, paths

_STAGE = "build"
"""The stage of the Dockerfile that all the work is in; the image's own has in it what differs from tag to tag."""

_SILENT_SECONDS = 1800


def start(settings: Settings, selected: Release) -> None:
    """Begins to build what the image of ``selected`` is made of, in a background thread.

    Does nothing on AWS, and where Docker or the base image has yet to be set up. A build that fails is left to the
    engine's own, which tells of it.
    """
    if settings.local and selected.to_build and docker.is_running() and base_image.recorded():
        threading.Thread(target=_build, args=(settings, selected), daemon=True, name="build-ahead").start()


def _build(settings: Settings, selected: Release) -> None:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    arguments = build_arguments(
        selected.base_image, selected.tag, selected.origin, certificates.extra_authorities()
    )
    with suppress(DockerException, RequestException, DeployError, OSError):
        lines = (
            docker.endpoint()
            .client(_SILENT_SECONDS)
            .api.build(
                path=str(paths.ROOT),
                buildargs=arguments,
                platform=settings.platform,
                target=_STAGE,
                rm=True,
                forcerm=True,
            )
        )
        for _ in lines:
            pass
