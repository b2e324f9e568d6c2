"""Builds the image and runs one function of it on this machine, behind Lambda's runtime interface emulator."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError

import routes
from infrastructure import get_image_tag
from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.local import base_image
from infrastructure.program import image
from infrastructure.release.origin import origin
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.tools import certificates, credentials, docker, paths
from variables import VARIABLES

LOCAL_IMAGE = "psn-emulator:local"
_RUNTIME_PORT = 8080
_POLL_SECONDS = 0.2
_ROUTES = {route.function_name: route for route in (*routes.ROUTES, routes.FALLBACK)}
PLACEHOLDERS = {
    variable.name: variable.example for variable in VARIABLES.values() if variable.source != "image"
}


def build(settings: Settings) -> str:
    """Builds the image of the tree for the platform of ``settings``; its reference. Raises ``DeployError`` when the
    build fails, and for a stack that is not on this machine."""
    require_local(settings)
    docker.ensure()
    base = base_image.ensure()
    tag = get_image_tag.image_tag(get_image_tag.content_hash(base, settings.platform))
    arguments = image.build_arguments(base, tag, origin(), certificates.extra_authorities())
    command = ["docker", "build", "--platform", settings.platform, "--tag", LOCAL_IMAGE]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    if subprocess.run([*command, str(paths.ROOT)], check=False).returncode:
        raise DeployError("The image does not build.", "The failing step stands above.")
    return LOCAL_IMAGE


def require_local(settings: Settings) -> None:
    """Raises ``DeployError`` for a stack that is not on this machine."""
    if not settings.local:
        raise DeployError(
            f"Stack {settings.stack!r} is not on this machine.",
            "Name a local one: STACK=local or STACK=local-<name>",
        )


def handler_of(function: str) -> str:
    """The handler of a function, such as ``main.root``. Raises ``DeployError`` for an unknown function."""
    entries = {name: f"main.{route.entry}" for name, route in _ROUTES.items()}
    entries["authorizer"] = "authorizer.handler"
    if function not in entries:
        raise DeployError(f"There is no function {function!r}.", f"The functions are: {', '.join(entries)}")
    return entries[function]


def run(settings: Settings, function: str, port: int) -> int:
    """Builds the image and runs one function's container until it is stopped; its exit code.

    The container has the environment of the function on the local stack, and so its table; before the first deploy it
    has ``PLACEHOLDERS``, with which only what reads no table works. Raises ``DeployError`` for an unknown function and
    when the image does not build.
    """
    entry = handler_of(function)
    build(settings)
    variables = (_deployed_environment(settings, function) or PLACEHOLDERS) | {
        **credentials.local_aws().environment(),
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_ENDPOINT_URL": paths.aws_endpoint_for_functions(),
    }
    docker_run = ["docker", "run", "--rm", "--interactive", "--add-host", f"{paths.MACHINE}:host-gateway"]
    container = f"psn-emulator-run-{os.getpid()}"
    docker_run += ["--name", container, "--publish", f"127.0.0.1:{port}:{_RUNTIME_PORT}"]
    for name in variables:
        docker_run += ["--env", name]  # its value is taken from the environment, which other users do not see
    display.say(f"Running {function} on port {port}; Ctrl-C stops it. Try it from another shell:")
    route = _ROUTES.get(function, routes.FALLBACK)
    request = {"http": {"method": route.method}}
    event = json.dumps({"routeKey": route.key, "rawPath": route.path, "requestContext": request})
    display.say(f"  curl -s http://localhost:{port}/2015-03-31/functions/function/invocations -d '{event}'")
    return _run([*docker_run, LOCAL_IMAGE, entry], container, variables)


def _run(command: list[str], container: str, variables: Mapping[str, str]) -> int:
    """Runs the command that runs ``container``, with further environment ``variables``; its exit code. SIGTERM stops
    the container, and then raises ``SystemExit``."""
    signals: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    try:
        with subprocess.Popen(command, env=os.environ | variables) as process:
            try:
                while not signals:
                    with suppress(subprocess.TimeoutExpired):
                        return process.wait(_POLL_SECONDS)
                raise SystemExit(128 + signals[0])
            finally:
                if process.poll() is None:
                    stop = ["docker", "stop", container]
                    subprocess.run(stop, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                    process.terminate()
    finally:
        signal.signal(signal.SIGTERM, before)


def _deployed_environment(settings: Settings, function: str) -> dict[str, str]:
    """The environment variables of the local stack's function; empty where it or the local AWS is not there."""
    client = session.client(settings, "lambda")
    try:
        configuration = client.get_function_configuration(FunctionName=settings.names.function(function))
    except (BotoCoreError, ClientError):
        return {}
    return dict(configuration.get("Environment", {}).get("Variables", {}))
