"""The commands about this machine: its local AWS, its Docker engine. As ``make_targets``."""

import argparse


def down(options: argparse.Namespace) -> int:
    """Stop the local AWS; its data stays."""
    from infrastructure.automation import exclusion
    from infrastructure.local import aws

    if options.dry_run:
        print(f"Would stop the local AWS: {aws.status()}")
        return 0
    with exclusion.all_local_exclusive():
        print("Stopped the local AWS; its data stays." if aws.stop() else "The local AWS was not running.")
    return 0


def clean(options: argparse.Namespace) -> int:
    """Stop the local AWS and delete this checkout's local state."""
    from infrastructure.automation import exclusion
    from infrastructure.local import aws, state
    from infrastructure.tools import paths

    present = state.existing_parts()
    if options.dry_run:
        print(f"Would stop the local AWS and delete the images of its port and {state.describe(present)}")
        return 0
    with exclusion.all_local_exclusive():
        aws.stop()
        deleted = state.delete()
    print(f"Deleted {state.describe(deleted)}. The tools shared between checkouts stay in {paths.cache()}.")
    return 0


def check_docker(options: argparse.Namespace) -> int:
    """Check the Docker engine; start or install it where possible."""
    from infrastructure.tools import docker

    if options.dry_run and not docker.is_running():
        print(f"Docker does not answer at {docker.endpoint().host}; would start or install it where possible")
    else:
        print(f"Docker answers: {docker.ensure()}")
    return 0


def docker_login(options: argparse.Namespace) -> int:
    """Log Docker in to the stack's image repository."""
    from infrastructure.cloud import registry

    if options.dry_run:
        print(f"Would log Docker in to the registry of stack {options.settings.stack!r}")
    else:
        print(f"Docker is logged in to {registry.docker_login(options.settings)}")
    return 0


def build_local(options: argparse.Namespace) -> int:
    """Build the image as psn-emulator:local."""
    from infrastructure.commands import run_local

    run_local.require_local(options.settings)
    if options.dry_run:
        print(f"Would build {run_local.LOCAL_IMAGE}")
    else:
        print(f"Built {run_local.build(options.settings)}")
    return 0


def run_local(options: argparse.Namespace) -> int:
    """Run one function's container on this machine."""
    from infrastructure.commands import run_local

    run_local.require_local(options.settings)
    if options.dry_run:
        command = run_local.handler_of(options.function)
        name = options.settings.stack
        print(
            f"Would build {run_local.LOCAL_IMAGE} and run {command} of it on port {options.port}, over stack {name!r}"
        )
        return 0
    return run_local.run(options.settings, options.function, options.port)
