"""Serves the stand-in packages to a Pulumi engine from inside this process."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from infrastructure.local import paths
from infrastructure.local.plugin.aws.package import AwsPackage
from infrastructure.local.plugin.images.package import ImagesPackage
from infrastructure.local.plugin.package import Package
from infrastructure.local.plugin.servicer import Servicer

_THREADS: Final = 64
"""More than the engine has calls under way at once: a call of a long build must not hold up the others."""

_UNLIMITED: Final = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@contextmanager
def serve(folder: Path | None = None) -> Iterator[dict[str, str]]:
    """Serves both packages on loopback while the context lasts.

    ``folder`` is where relative paths of image builds start, by default the program's own folder. Yields the
    variables to merge into the environment of every engine command: the engine then attaches to this process
    instead of looking for executables.
    """
    packages: list[Package] = [AwsPackage(), ImagesPackage(folder or paths.ROOT / "infrastructure")]
    with ExitStack() as running:
        ports = {package.name: running.enter_context(_served(package)) for package in packages}
        attached = ",".join(f"{name}:{port}" for name, port in ports.items())
        yield {"PULUMI_DEBUG_PROVIDERS": attached}


@contextmanager
def _served(package: Package) -> Iterator[int]:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix=f"plugin-{package.name}") as workers:
        server = grpc.server(workers, options=_UNLIMITED)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(package), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(grace=None).wait()
