"""The command line: which commands there are, and what each takes."""

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, override

from infrastructure.commands import local_targets, log_targets, make_targets
from infrastructure.errors import DeployError
from infrastructure.terminal.log_lines import LEVELS

type Command = Callable[[argparse.Namespace], int]
"""Runs a command with its options; the exit code."""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options of the command that ``arguments`` name, by default those of this process. ``command`` is its
    function; ``settings``, or ``source`` and ``target``, are the settings of the stacks that it is about.

    Raises ``DeployError`` for a wrong command line and for settings that are wrong.
    """
    options = _parser().parse_args(arguments)
    for option in ("settings", "source", "target"):
        if option in options:
            # Reads the route table, without which a command that takes no stack can do.
            from infrastructure.stack.loading import load_settings

            setattr(options, option, load_settings(getattr(options, option)))
    return options


class _Parser(argparse.ArgumentParser):
    """A parser that reports a wrong command line like any other failure."""

    @override
    def error(self, message: str) -> NoReturn:
        """Raises ``DeployError``."""
        cause = f"{self.prog.split()[-1]}: {_by_variables(message)}."
        raise DeployError(cause, f"See make help, or {self.prog} --help")


def _by_variables(message: str) -> str:
    """What argparse says, with make's variables for options: each is named as its option is."""
    if one_of := re.fullmatch(r"one of the arguments (.+) is required", message):
        message = f"needs {one_of[1].replace(' ', ' or ')}"
    message = message.replace("the following arguments are required: ", "needs ")
    message = re.sub(r"\bargument (?=--)", "", message)
    return re.sub(r"(?<!\S)--[a-z-]+", lambda option: variable_of(option[0]), message)


def variable_of(option: str) -> str:
    """The variable of make that sets ``option``."""
    return option.removeprefix("--").upper().replace("-", "_")


class _Commands:
    """Adds commands to a parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        self, name: str, function: Command, *, stack: bool = True, changes: bool = False
    ) -> argparse.ArgumentParser:
        """The parser of the command ``name``, with the option ``--stack`` unless it is about none.

        ``changes`` says that it changes a stack: one that is interrupted is then told how to go on.
        """
        command = self._subparsers.add_parser(name, help=function.__doc__, description=function.__doc__)
        command.set_defaults(command=function, changes_stack=changes)
        if stack:
            default = os.environ.get("STACK", "local")
            command.add_argument(
                "--stack",
                dest="settings",
                metavar="STACK",
                default=default,
                type=_not_empty("name a stack, or leave it out"),
                help="default: %(default)s",
            )
        return command


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=".venv/bin/python -m infrastructure.cli",
        description="Deploy and operate the PSN Partner Emulator.",
    )
    commands = _Commands(parser)
    _add_release_commands(commands)
    _add_sandbox_commands(commands)
    _add_reading_commands(commands)
    _add_local_commands(commands)
    return parser


def _add_release_commands(commands: _Commands) -> None:
    """The commands that change a stack, and ``preview``."""
    command = commands.add("deploy", make_targets.deploy, changes=True)
    _add_forms(command)
    parts = command.add_mutually_exclusive_group()
    parts.add_argument("--infrastructure-only", action="store_true", help="the deployed image stays")
    parts.add_argument("--image-only", action="store_true", help="the image and the functions only")
    _add_flag(command, "--force", "make a new release of the same content")
    _add_flag(command, "--refresh", "read the cloud back first and repair what was changed by hand")
    _add_replace(command)
    _add_flag(command, "--dry-run", "show only what would change")

    command = commands.add("promote", make_targets.promote, stack=False, changes=True)
    _add_forms(command)
    for flag, option, text in (
        ("--from", "source", "whose release it is"),
        ("--to", "target", "which stack is to run it"),
    ):
        stack = _not_empty("name a stack, as in make promote FROM=dev TO=staging")
        command.add_argument(flag, dest=option, metavar="STACK", required=True, type=stack, help=text)
    _add_tag(command, "another release that the source keeps; default: the one it runs")
    _add_replace(command)
    _add_flag(command, "--dry-run", "show only what would change")

    command = commands.add("preview", make_targets.preview)
    _add_forms(command)
    _add_flag(
        command, "--detailed", "exit with 2 when there are changes, 0 when there are none, 1 on an error"
    )
    _add_flag(command, "--refresh", "read the cloud back first, to see what was changed by hand")

    command = commands.add("rollback", make_targets.rollback, changes=True)
    _add_tag(command, "the release to go back to; default: the one before the live one")
    _add_flag(command, "--dry-run", "show only what would move")

    command = commands.add("rotate-keys", make_targets.rotate_keys, changes=True)
    _add_flag(command, "--now", "let the new key sign as soon as every function knows it")
    _add_flag(command, "--dry-run", "show only")

    _add_unlock(commands)

    command = commands.add("update-base", make_targets.update_base)
    _add_flag(command, "--dry-run", "show only")

    command = commands.add("export-data", make_targets.export_data)
    _add_file(command)
    command = commands.add("import-data", make_targets.import_data)
    _add_file(command)
    _add_flag(command, "--force", "write into a table that is not empty")
    _add_flag(command, "--dry-run", "show only")

    command = commands.add("smoke", make_targets.smoke)
    for option, text in (
        ("user", "who logs in; default: the documented user, where the seed has it"),
        ("password", "the user's password"),
    ):
        command.add_argument(f"--{option}", type=_not_empty("give it or leave it out"), help=text)
    command = commands.add("bootstrap", make_targets.bootstrap)
    command.add_argument(
        "--repository",
        required=True,
        type=_not_empty(
            "name the repository on GitHub, as in make bootstrap STACK=dev REPOSITORY=owner/name"
        ),
        help="the repository on GitHub, owner/name, whose jobs deploy the stack",
    )
    _add_flag(command, "--yes", "do not ask")
    _add_flag(command, "--dry-run", "show only")

    command = commands.add("destroy", make_targets.destroy, changes=True)
    _add_forms(command)
    _add_flag(command, "--dry-run", "show only")


def _add_unlock(commands: _Commands) -> None:
    """The command for who is locked out."""
    command = commands.add("unlock", make_targets.unlock)
    who = command.add_mutually_exclusive_group(required=True)
    user = _not_empty("name a user, as in make unlock USER=testuser")
    who.add_argument("--user", type=user, help="the username")
    client = _not_empty("name a client, as in make unlock CLIENT=demo-backend")
    who.add_argument("--client", type=client, help="the client's id")
    sandbox = _not_empty("name a sandbox, or leave it out")
    command.add_argument("--sandbox", default="default", type=sandbox, help="default: %(default)s")
    _add_flag(command, "--dry-run", "show only")


def _add_sandbox_commands(commands: _Commands) -> None:
    """The commands that operate sandboxes."""
    command = commands.add("seed", make_targets.seed)
    _add_sandbox(command)
    what = command.add_mutually_exclusive_group(required=True)
    path = _not_empty("name a file, as in make seed SANDBOX=ci-7 FILE=seed.yaml")
    what.add_argument(
        "--file", type=lambda text: Path(path(text)), metavar="PATH", help="a document, JSON or YAML"
    )
    what.add_argument(
        "--seed", type=_not_empty("name a seed"), metavar="NAME", help="empty, default or large-1000"
    )
    command.add_argument(
        "--ttl",
        type=_not_empty("name a duration, such as PT2H"),
        metavar="DURATION",
        help="how long it lives, PT1M to P30D; default: P7D",
    )
    command = commands.add("reset", make_targets.reset)
    _add_sandbox(command)
    _add_flag(
        command, "--force", "of the default sandbox: to the stack's users and clients, by AWS credentials"
    )


def _add_reading_commands(commands: _Commands) -> None:
    """The commands that print what there is."""
    for name, function in (
        ("outputs", make_targets.outputs),
        ("history", make_targets.history),
        ("status", make_targets.status),
        ("doctor", make_targets.doctor),
    ):
        _add_flag(commands.add(name, function), "--json", "print JSON")
    for name, function in (("ecr-url", make_targets.ecr_url), ("env", make_targets.env)):
        commands.add(name, function)

    command = commands.add("logs", log_targets.logs)
    _add_function(command, "players-create")
    _add_id(command, "tell all of the request with this id instead", required=False)
    _add_since(command, "10m, with an id 1h")
    command.add_argument(
        "--level",
        default="DEBUG",
        type=_level,
        metavar="LEVEL",
        help=f"the lowest to print, of {', '.join(LEVELS)}; default: all",
    )
    _add_flag(command, "--follow", "go on as lines come")
    _add_flag(command, "--json", "print one JSON object a line")

    command = commands.add("trace", log_targets.trace)
    _add_id(command, "an id of the request", required=True)
    _add_since(command, "1h")
    _add_flag(command, "--json", "print one JSON object a request")

    command = commands.add("dashboard", log_targets.dashboard)
    command.add_argument("--port", type=_port, default=0, help="default: one that is free")
    command.set_defaults(follow=True)  # Ctrl-C is how it ends


def _add_local_commands(commands: _Commands) -> None:
    """The commands about this machine: its local AWS, its Docker engine."""
    for name, function in (
        ("clean", local_targets.clean),
        ("down", local_targets.down),
        ("check-docker", local_targets.check_docker),
    ):
        _add_flag(commands.add(name, function, stack=False), "--dry-run", "show only")
    _add_flag(commands.add("docker-login", local_targets.docker_login), "--dry-run", "show only")
    for name, function in (
        ("build-local", local_targets.build_local),
        ("run-local", local_targets.run_local),
    ):
        command = commands.add(name, function)
        _add_flag(command, "--dry-run", "show only")
    _add_function(command, "root")
    command.add_argument("--port", type=_port, default=9000, help="default: %(default)s")


def _add_function(command: argparse.ArgumentParser, default: str) -> None:
    """The option that names a function."""
    name = _not_empty("name a function, or leave it out")
    command.add_argument(
        "--fn", dest="function", default=default, type=name, metavar="NAME", help="default: %(default)s"
    )


def _add_id(command: argparse.ArgumentParser, text: str, *, required: bool) -> None:
    """The option that names a request."""
    name = _not_empty("name a request, as in make trace ID=… with the X-Request-Id of its answer")
    command.add_argument("--id", type=name, required=required, metavar="ID", help=text)


def _add_since(command: argparse.ArgumentParser, default: str) -> None:
    """The option that says how far back a log is read."""
    name = _not_empty("name a duration, or leave it out")
    command.add_argument(
        "--since", type=name, metavar="DURATION", help=f"90s, 10m, 2h or 1d; default: {default}"
    )


def _level(text: str) -> str:
    if text.upper() not in LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is no level: {', '.join(LEVELS)} are")
    return text.upper()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give it a number from 1 to 65535")
    return int(text)


def _add_flag(command: argparse.ArgumentParser, flag: str, text: str) -> None:
    command.add_argument(flag, action="store_true", help=text)


def _add_forms(command: argparse.ArgumentParser) -> None:
    """The forms in which a command can show what would change."""
    forms = command.add_mutually_exclusive_group()
    for form, text in (("json", "print JSON"), ("markdown", "print a comment for a pull request")):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=text)
    command.set_defaults(form="text")


def _add_tag(command: argparse.ArgumentParser, text: str) -> None:
    """The option that names a release. An empty name is a mistake, and no way to ask for the default."""
    command.add_argument("--tag", type=_not_empty("name a release, or leave it out"), help=text)


def _add_file(command: argparse.ArgumentParser) -> None:
    path = _not_empty("name a file, as in FILE=data.jsonl")
    command.add_argument(
        "--file", type=lambda text: Path(path(text)), required=True, metavar="PATH", help="the file"
    )


def _add_sandbox(command: argparse.ArgumentParser) -> None:
    """The options that name a sandbox, and who operates it: on a local stack its administrator, unless told."""
    name = _not_empty("name a sandbox, as in SANDBOX=ci-7")
    command.add_argument("--sandbox", type=name, required=True, metavar="NAME", help="the sandbox")
    for option, text in (
        ("user", "a user with the scope emulator:admin; default: that of a local stack"),
        ("password", "the user's password"),
        ("token", "an access token with that scope instead"),
    ):
        command.add_argument(
            f"--{option}", type=_not_empty(f"give {option.upper()}= or leave it out"), help=text
        )


def _add_replace(command: argparse.ArgumentParser) -> None:
    """The option that names what of the table and the secrets may be replaced, which is lost then."""
    command.add_argument(
        "--replace",
        type=lambda text: tuple(_not_empty("name the table or a secret, or leave it out")(text).split(",")),
        default=(),
        metavar="NAME",
        help="may replace the table or a secret, which loses what is in it",
    )


def _not_empty(remedy: str) -> Callable[[str], str]:
    """The type of an option whose value must not be empty; where it is, ``remedy`` says what to do."""

    def check(value: str) -> str:
        if not value:
            raise argparse.ArgumentTypeError(f"it is empty: {remedy}")
        return value

    return check
