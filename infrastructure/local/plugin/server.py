"""Serves the stand-in packages to a Pulumi engine from inside this process."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, override

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from infrastructure.local.plugin.aws.package import AwsPackage
from infrastructure.local.plugin.images.package import ImagesPackage
from infrastructure.local.plugin.package import Package
from infrastructure.local.plugin.servicer import Servicer
from infrastructure.tools import paths

_UNLIMITED: Final = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


@contextmanager
def serve(folder: Path | None = None) -> Iterator[dict[str, str]]:
    """Serves both packages on loopback until the context is left, which cancels the calls under way.

    ``folder`` is where relative paths of image builds start, by default the program's own folder. Yields the
    environment variables for the engine's commands, which make the engine attach to this process instead of starting
    plugins.
    """
    packages: list[Package] = [AwsPackage(), ImagesPackage(folder or paths.ROOT / "infrastructure")]
    with ExitStack() as running:
        ports = {package.name: running.enter_context(_served(package)) for package in packages}
        attached = ",".join(f"{name}:{port}" for name, port in ports.items())
        yield {"PULUMI_DEBUG_PROVIDERS": attached}


@contextmanager
def _served(package: Package) -> Iterator[int]:
    servicer = Servicer(package)
    server = grpc.server(_Threads(), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        servicer.stop()
        server.stop(grace=None).wait()


class _Threads(ThreadPoolExecutor):
    """Runs every call in a daemon thread of its own.

    Python waits for the threads of a pool when it ends: a build under way would delay the end of an interrupted
    deploy.
    """

    @override
    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as failed:
                future.set_exception(failed)

        threading.Thread(target=run, daemon=True, name="plugin-call").start()
        return future
