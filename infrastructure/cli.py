"""The command line behind the make targets: ``python -m infrastructure.cli --help``."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infrastructure.errors import DeployError

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit code. A failure is one line of cause and one of remedy, unless ``DEBUG`` is set."""
    options = _parser().parse_args(arguments)
    try:
        command: Command = options.command
        return command(options)
    except DeployError as error:
        if os.environ.get("DEBUG"):
            traceback.print_exc()
        _fail(error.cause, error.remedy)
    except KeyboardInterrupt:
        _fail("Interrupted.", "Run the same command again: it goes on from where this one stopped.")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        if os.environ.get("DEBUG"):
            raise
        _fail(f"{type(error).__name__}: {error}".splitlines()[0], "DEBUG=1 shows where it happened.")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="psn-emulator", description="Deploy and operate the PSN Partner Emulator."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("--stack", default=os.environ.get("STACK", "local"), help="default: %(default)s")
        sub.set_defaults(command=function)
        return sub

    def add_flag(sub: argparse.ArgumentParser, flag: str, text: str) -> None:
        sub.add_argument(flag, action="store_true", help=text)

    sub = command("deploy", _deploy, "Build and deploy; end with the URL.")
    limits = sub.add_mutually_exclusive_group()
    limits.add_argument("--infrastructure-only", action="store_true", help="the deployed image stays")
    limits.add_argument("--image-only", action="store_true", help="the image and the functions only")
    add_flag(sub, "--force", "make a new release of the same content")
    add_flag(sub, "--refresh", "read the cloud back first and repair what was changed by hand")
    add_flag(sub, "--dry-run", "show only what would change")

    sub = command("preview", _preview, "Show what a deploy would change.")
    add_flag(sub, "--json", "print JSON")
    add_flag(sub, "--detailed", "exit with 2 when there are changes")
    add_flag(sub, "--refresh", "read the cloud back first, to see what was changed by hand")

    for name, function, text in (
        ("outputs", _outputs, "Print the stack's outputs."),
        ("history", _history, "List the stack's updates."),
        ("doctor", _doctor, "Say what is there, what is missing and how to get it."),
    ):
        add_flag(command(name, function, text), "--json", "print JSON")

    command("ecr-url", _ecr_url, "Print the URL of the image repository.")
    command("env", _env, "Print the shell lines that let the pulumi command see the stack.")

    sub = command("logs", _logs, "Print a function's log.")
    sub.add_argument("--function", default="players-create", metavar="NAME", help="default: %(default)s")
    sub.add_argument(
        "--since", default="10m", metavar="DURATION", help="90s, 10m, 2h or 1d; default: %(default)s"
    )
    add_flag(sub, "--follow", "go on as lines come")
    add_flag(sub, "--json", "print one JSON object a line")

    for name, function, text in (
        ("destroy", _destroy, "Delete the stack's resources."),
        ("clean", _clean, "Stop the local AWS and delete this checkout's local state."),
        ("down", _down, "Stop the local AWS; its data stays."),
    ):
        add_flag(command(name, function, text), "--dry-run", "show only")

    command("check-docker", _check_docker, "Check the Docker engine; start or install it where possible.")
    command("docker-login", _docker_login, "Log Docker in to the stack's image repository.")
    command("build-local", _build_local, "Build the image as psn-emulator:local.")
    sub = command("run-local", _run_local, "Run one function's container on this machine.")
    sub.add_argument("--function", default="root", metavar="NAME", help="default: %(default)s")
    sub.add_argument("--port", type=int, default=9000, help="default: %(default)s")
    return parser


def _deploy(options: argparse.Namespace) -> int:
    from infrastructure import deployment, report

    if options.dry_run:
        log = deployment.preview(
            options.stack, image_only=options.image_only, keep_image=options.infrastructure_only
        )
        report.print_changes(options.stack, log)
        return 0
    deployed = deployment.deploy(
        deployment.Request(
            stack=options.stack,
            infrastructure_only=options.infrastructure_only,
            image_only=options.image_only,
            force=options.force,
            refresh=options.refresh,
        )
    )
    report.print_deployed(options.stack, deployed)
    return 0


def _preview(options: argparse.Namespace) -> int:
    from infrastructure import deployment, report

    log = deployment.preview(options.stack, refresh=options.refresh)
    if options.json:
        _print_json({"stack": options.stack, "changes": [change.as_json() for change in log.changes]})
    else:
        report.print_changes(options.stack, log)
    return 2 if options.detailed and log.changes else 0


def _outputs(options: argparse.Namespace) -> int:
    from infrastructure import report, stack_info

    values = stack_info.outputs(options.stack)
    if options.json:
        _print_json(values)
    else:
        report.print_outputs(values)
    return 0


def _history(options: argparse.Namespace) -> int:
    from infrastructure import report, stack_info

    updates = stack_info.history(options.stack)
    if options.json:
        _print_json([update.as_json() for update in updates])
    else:
        report.print_history(updates)
    return 0


def _ecr_url(options: argparse.Namespace) -> int:
    from infrastructure import stack_info

    print(stack_info.outputs(options.stack)["ecr_url"])
    return 0


def _env(options: argparse.Namespace) -> int:
    from infrastructure import stack_info

    print("\n".join(stack_info.shell_lines(options.stack)))
    return 0


def _logs(options: argparse.Namespace) -> int:
    from infrastructure import logs

    start = datetime.now(UTC) - logs.since(options.since)
    for event in logs.read(options.stack, options.function, start, follow=options.follow):
        if options.json:
            print(json.dumps(event), flush=True)
        else:
            message = event["message"]
            text = message if isinstance(message, str) else json.dumps(message)
            print(f"{event['time']}  {text}", flush=True)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from infrastructure import report
    from infrastructure.local import doctor

    checks = doctor.report(options.stack)
    if options.json:
        _print_json([check.as_json() for check in checks])
    else:
        report.print_checks(checks)
    return 0 if all(check.ok for check in checks) else 1


def _destroy(options: argparse.Namespace) -> int:
    from infrastructure import deployment, report
    from infrastructure.settings import Settings

    if not options.dry_run and Settings.load(options.stack).environment == "prod":
        _confirm(options.stack, f"This deletes every resource of stack {options.stack!r}, players and all.")
    log = deployment.destroy(options.stack, dry_run=options.dry_run)
    report.print_changes(options.stack, log, done=not options.dry_run)
    return 0


def _down(options: argparse.Namespace) -> int:
    from infrastructure.local import aws

    if options.dry_run:
        print(f"Would stop the local AWS: {aws.status()}")
    else:
        print("Stopped the local AWS; its data stays." if aws.stop() else "The local AWS was not running.")
    return 0


def _clean(options: argparse.Namespace) -> int:
    from infrastructure.local import aws, paths

    home = paths.home()
    if options.dry_run:
        print(f"Would stop the local AWS and delete {home}")
        return 0
    aws.stop()
    aws.delete_state()
    print(f"Deleted {home}. The tools shared between checkouts stay in {paths.cache()}.")
    return 0


def _check_docker(_: argparse.Namespace) -> int:
    from infrastructure.local import docker

    print(f"Docker answers: {docker.ensure()}")
    return 0


def _docker_login(options: argparse.Namespace) -> int:
    from infrastructure import environment

    print(f"Docker is logged in to {environment.docker_login(options.stack)}")
    return 0


def _build_local(_: argparse.Namespace) -> int:
    from infrastructure import containers

    print(f"Built {containers.build()}")
    return 0


def _run_local(options: argparse.Namespace) -> int:
    from infrastructure import containers

    return containers.run(options.function, options.port)


def _confirm(stack: str, what: str) -> None:
    """Asks for the stack's name. Raises ``DeployError`` without it, or without a terminal to ask on."""
    if not sys.stdin.isatty():
        raise DeployError(f"{what} Nobody is there to confirm it.", "Run it in a terminal.")
    if input(f"{what}\nType {stack!r} to go on: ") != stack:
        raise DeployError("Not confirmed; nothing was changed.")


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def _fail(cause: str, remedy: str) -> None:
    colour = sys.stderr.isatty()
    print(f"\033[31merror:\033[0m {cause}" if colour else f"error: {cause}", file=sys.stderr)
    if remedy:
        print(f"       {remedy}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
