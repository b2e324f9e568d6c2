"""The image on its own: built, and run on this machine behind the runtime interface emulator."""

import subprocess

import main
from infrastructure import get_image_tag
from infrastructure.errors import DeployError
from infrastructure.local import base_image, docker, narrate, paths
from infrastructure.settings import Settings

LOCAL_IMAGE = "psn-emulator:local"
_RUNTIME_PORT = 8080


def build() -> str:
    """Builds the image of the tree; its reference. Raises ``DeployError`` when the build fails."""
    docker.ensure()
    base = base_image.ensure()
    platform = Settings.load("local").platform
    tag = get_image_tag.image_tag(None)
    arguments = {"BASE_IMAGE": base, "IMAGE_TAG": tag, "CA_CERTIFICATES": docker.extra_authorities()}
    command = ["docker", "build", "--platform", platform, "--tag", LOCAL_IMAGE]
    for name, value in arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    if subprocess.run([*command, str(paths.ROOT)], check=False).returncode:
        raise DeployError("The image does not build.", "The failing step stands above.")
    return LOCAL_IMAGE


def run(function: str, port: int) -> int:
    """Runs one function's container until it is stopped; its exit code.

    The container sees the local AWS where one runs. Raises ``DeployError`` for an unknown function.
    """
    entries = {route.name: f"main.{route.entry}" for route in (*main.ROUTES, main.FALLBACK)}
    entries["authorizer"] = "authorizer.handler"
    if function not in entries:
        raise DeployError(f"There is no function {function!r}.", f"The functions are: {', '.join(entries)}")
    build()
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": Settings.load("local").region,
        "AWS_ENDPOINT_URL": f"http://host.docker.internal:{paths.aws_port()}",
        "ENVIRONMENT": "local",
        "LOG_LEVEL": "DEBUG",
        "POWERTOOLS_SERVICE_NAME": f"psn-emulator-{function}",
        "TABLE_NAME": "psn-emulator-local",
    }
    command = ["docker", "run", "--rm", "--interactive", "--add-host", "host.docker.internal:host-gateway"]
    command += ["--publish", f"127.0.0.1:{port}:{_RUNTIME_PORT}"]
    for name, value in environment.items():
        command += ["--env", f"{name}={value}"]
    narrate.say(f"Running {function} on port {port}; Ctrl-C stops it. Try it from another shell:")
    narrate.say(
        f"  curl -s http://localhost:{port}/2015-03-31/functions/function/invocations -d '{{\"smoke\": true}}'"
    )
    return subprocess.run([*command, LOCAL_IMAGE, entries[function]], check=False).returncode
