"""The command line behind the make targets: ``python -m infrastructure.cli --help``."""

import argparse
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, override

from infrastructure.commands import make_targets
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.tools import paths

Command = Callable[[argparse.Namespace], int]


_TABLE = paths.ROOT / "routes.py"
_LOGIN = ("pulumi_access_token", "pulumi login", "unauthorized", "access token", "credential", "expiredtoken")
"""What the engine says where nobody is logged in to the place of its state, or to the AWS account of that place."""


class _Parser(argparse.ArgumentParser):
    """One that tells of a wrong command line as of any other failure."""

    @override
    def error(self, message: str) -> NoReturn:
        """Raises ``DeployError``."""
        raise DeployError(f"{self.prog.split()[-1]}: {message}.", f"See {self.prog} --help")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit code. A failure is one line of cause and one of remedy, unless ``DEBUG`` is set."""
    if not os.environ.get("DEBUG"):
        _silence_leftovers()
    try:
        options = _parser().parse_args(arguments)
        if "stack" in options:
            Settings.load(options.stack)
        command: Command = options.command
        return command(options)
    except DeployError as error:
        if os.environ.get("DEBUG"):
            traceback.print_exc()
        _fail(error.cause, error.remedy)
    except KeyboardInterrupt:
        _fail(
            "Interrupted.",
            "The next deploy goes on from where this one stopped; make history tells what is live.",
        )
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        if os.environ.get("DEBUG"):
            raise
        _fail(*_told(error))
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=".venv/bin/python -m infrastructure.cli",
        description="Deploy and operate the PSN Partner Emulator.",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function: Command, *, has_stack: bool = True) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=function.__doc__, description=function.__doc__)
        if has_stack:
            sub.add_argument("--stack", default=os.environ.get("STACK", "local"), help="default: %(default)s")
        sub.set_defaults(command=function)
        return sub

    def add_flag(sub: argparse.ArgumentParser, flag: str, text: str) -> None:
        sub.add_argument(flag, action="store_true", help=text)

    sub = command("deploy", make_targets.deploy)
    _add_forms(sub)
    limits = sub.add_mutually_exclusive_group()
    limits.add_argument("--infrastructure-only", action="store_true", help="the deployed image stays")
    limits.add_argument("--image-only", action="store_true", help="the image and the functions only")
    add_flag(sub, "--force", "make a new release of the same content")
    add_flag(sub, "--refresh", "read the cloud back first and repair what was changed by hand")
    add_flag(sub, "--dry-run", "show only what would change")

    sub = command("promote", make_targets.promote, has_stack=False)
    _add_forms(sub)
    sub.add_argument("--from", dest="source", metavar="STACK", required=True, help="whose release it is")
    sub.add_argument("--to", dest="target", metavar="STACK", required=True, help="which stack is to run it")
    _add_tag(sub, "another release that the source keeps; default: the one it runs")
    add_flag(sub, "--dry-run", "show only what would change")

    sub = command("preview", make_targets.preview)
    _add_forms(sub)
    add_flag(sub, "--detailed", "exit with 2 when there are changes, 0 when there are none, 1 on an error")
    add_flag(sub, "--refresh", "read the cloud back first, to see what was changed by hand")

    sub = command("rollback", make_targets.rollback)
    _add_tag(sub, "the release to go back to; default: the one before the live one")
    add_flag(sub, "--dry-run", "show only what would move")

    sub = command("rotate-keys", make_targets.rotate_keys)
    add_flag(sub, "--now", "let the new key sign as soon as every function knows it")
    add_flag(sub, "--dry-run", "show only")

    for name, function in (
        ("outputs", make_targets.outputs),
        ("history", make_targets.history),
        ("doctor", make_targets.doctor),
    ):
        add_flag(command(name, function), "--json", "print JSON")

    for name, function in (("ecr-url", make_targets.ecr_url), ("env", make_targets.env)):
        command(name, function)

    sub = command("logs", make_targets.logs)
    sub.add_argument("--function", default="players-create", metavar="NAME", help="default: %(default)s")
    sub.add_argument(
        "--since", default="10m", metavar="DURATION", help="90s, 10m, 2h or 1d; default: %(default)s"
    )
    add_flag(sub, "--follow", "go on as lines come")
    add_flag(sub, "--json", "print one JSON object a line")

    sub = command("destroy", make_targets.destroy)
    _add_forms(sub)
    add_flag(sub, "--dry-run", "show only")
    for name, function in (("clean", make_targets.clean), ("down", make_targets.down)):
        add_flag(command(name, function, has_stack=False), "--dry-run", "show only")

    add_flag(command("docker-login", make_targets.docker_login), "--dry-run", "show only")
    for name, function in (
        ("check-docker", make_targets.check_docker),
        ("build-local", make_targets.build_local),
    ):
        add_flag(command(name, function, has_stack=False), "--dry-run", "show only")
    sub = command("run-local", make_targets.run_local, has_stack=False)
    add_flag(sub, "--dry-run", "show only")
    sub.add_argument("--function", default="root", metavar="NAME", help="default: %(default)s")
    sub.add_argument("--port", type=int, default=9000, help="default: %(default)s")
    return parser


def _add_forms(command: argparse.ArgumentParser) -> None:
    """The forms in which a command can show what would change."""
    forms = command.add_mutually_exclusive_group()
    for form, text in (("json", "print JSON"), ("markdown", "print a comment for a pull request")):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=text)
    command.set_defaults(form="text")


def _add_tag(command: argparse.ArgumentParser, text: str) -> None:
    """The option that names a release. An empty name is a mistake, and no way to ask for the default."""

    def named(tag: str) -> str:
        if not tag:
            raise argparse.ArgumentTypeError("it is empty: name a release, or leave it out")
        return tag

    command.add_argument("--tag", type=named, help=text)


def _told(error: Exception) -> tuple[str, str]:
    """The cause and the remedy of a failure that nothing below has put into words."""
    if line := _broken_line(error):
        what = error.msg if isinstance(error, SyntaxError) else _gist(str(error))
        cause = f"routes.py cannot be read: {type(error).__name__}: {what}, routes.py:{line}"
        return cause, "Correct routes.py, then run this again."
    from pulumi.automation import CommandError  # a second that a command which succeeds need not wait

    gist = _gist(str(error))
    if not isinstance(error, CommandError):
        return f"{type(error).__name__}: {gist}", "DEBUG=1 shows where it happened."
    cause = f"The Pulumi engine says: {gist.removeprefix('stderr: ').removeprefix('error: ')}"
    if any(sign in cause.lower() for sign in _LOGIN):
        return cause, "Log in (pulumi login; aws sso login for a state kept in S3), then run this again."
    return cause, "DEBUG=1 shows all of it."


def _broken_line(error: Exception) -> int | None:
    """The line of routes.py that kept it from being imported; ``None`` where ``error`` is of something else."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames if frame.name == "<module>"]
    if isinstance(error, SyntaxError):
        places.append((str(error.filename), error.lineno))
    return next((line for file, line in places if Path(file).resolve() == _TABLE), None)


def _gist(text: str) -> str:
    """The line of an error's text that says most: its last one with an error, else its first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    return (errors or lines[:1] or ["no more is known"])[-1]


def _silence_leftovers() -> None:
    """Keeps what dies with a failed or interrupted engine from writing tracebacks over the one line of cause."""
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None
    warnings.simplefilter("ignore")


def _fail(cause: str, remedy: str) -> None:
    colour = sys.stderr.isatty()
    print(f"\033[31merror:\033[0m {cause}" if colour else f"error: {cause}", file=sys.stderr)
    if remedy:
        print(f"       {remedy}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
