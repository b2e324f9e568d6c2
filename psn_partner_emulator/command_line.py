"""The command line: ``psn-partner-emulator --help``."""

import argparse
import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from psn_partner_emulator import commands
from psn_partner_emulator.testing import Emulator, Login

type Command = Callable[[argparse.Namespace], int]

_PROGRAM = "psn-partner-emulator"
_FORM = argparse.RawDescriptionHelpFormatter
_URL = "http://localhost:8080"

_ABOUT = f"""\
A game partner's identity provider and player-account service, for tests.

  {_PROGRAM} serve                      an emulator on {_URL}; ends with Ctrl-C
  {_PROGRAM} serve --help               its port, its data, TLS and more

Each base URL {_URL}/s/<name> is a sandbox: users, clients, players, tokens, faults and
a clock of its own. The other commands operate one:

  {_PROGRAM} seed --sandbox ci-7 seed.yaml
  {_PROGRAM} export --sandbox ci-7 state.json
  {_PROGRAM} verify --sandbox ci-7 --method POST --path /players --exactly 1 --within 5
"""

_WHERE = """\
What operates a sandbox asks the emulator at --url, or PSN_EMULATOR_URL. It does so as the
administrator admin / admin123 that comes with it, or as PSN_EMULATOR_USER and PSN_EMULATOR_PASSWORD,
or PSN_EMULATOR_TOKEN, say, which do not show in the list of processes; or as --user, --password and
--token say, which do.
Exit codes: 0, 1 where verify finds it otherwise or serve cannot serve, 2 where another command
cannot be carried out or an option is wrong.
"""

_SEED = """\
  psn-partner-emulator seed --sandbox ci-7 seed.yaml
  psn-partner-emulator seed --sandbox ci-7 large-1000 --ttl PT2H

A seed is a document, YAML or JSON, of users, clients, players, statistics and the clock, each of
which may be left out:

  users: [{username: kim, password: of-tests, email: kim@example.com, scopes: [players:read]}]
  players: [{username: Atreus, email: atreus@example.com, country: GR}]
"""

_VERIFY = """\
  psn-partner-emulator verify --sandbox ci-7 --method POST --path /auth/token --status 200
  psn-partner-emulator verify --sandbox ci-7 --method DELETE --path '/players/*' --exactly 0 --within 1
  psn-partner-emulator verify --sandbox ci-7 \\
    --question '{"in_order": [{"path": "/auth/token"}, {"path": "/players"}]}'

The sandbox default has had the command's own login too, POST /auth/token, unless PSN_EMULATOR_TOKEN
spares it. Without a count there is to be one request at least. Where it is not so the exit code is 1, and what
is printed says which requests come closest, and what they have otherwise.
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one command: ``command`` carries it out, ``sandbox`` is the one that it is about.

    Wrong ones end the process with 2, a URL that is none raises ``EmulatorError``.
    """
    parser = argparse.ArgumentParser(
        _PROGRAM, description=_ABOUT, epilog=_WHERE, formatter_class=_FORM, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    found = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    found.add_parser("serve", help="run an emulator")

    seed = _command(found, commands.seed, "seed", "have a sandbox hold a seed and nothing else", _SEED)
    seed.add_argument(
        "seed", metavar="SEED", help="a file, - for standard input, or empty, default, large-1000"
    )
    seed.add_argument("--ttl", metavar="DURATION", help="how long the sandbox lives, such as PT2H")

    _command(found, commands.reset, "reset", "have a sandbox hold its seed and nothing else")

    export = _command(found, commands.export, "export", "write what a sandbox holds to a file")
    export.add_argument("file", metavar="FILE", nargs="?", default="-", help="by default standard output")

    load = _command(found, commands.load, "import", "have a sandbox hold what was exported")
    load.add_argument("file", metavar="FILE", nargs="?", default="-", help="by default standard input")

    verify = _command(found, commands.verify, "verify", "ask which requests a sandbox has had", _VERIFY)
    for name, meaning in commands.MATCHED.items():
        verify.add_argument(f"--{name.replace('_', '-')}", help=meaning)
    verify.add_argument("--status", type=int, help="the status of the answer")
    for name in commands.COUNTS:
        option = name.replace("_", "-")
        verify.add_argument(
            f"--{option}", type=int, metavar="COUNT", help=f"{name.replace('_', ' ')} so many"
        )
    verify.add_argument("--within", type=float, metavar="SECONDS", help="how long it may take, up to 20")
    verify.add_argument(
        "--question",
        metavar="JSON",
        help="the body of POST /_emulator/requests/verify, in the place of all of these",
    )

    options = parser.parse_args(arguments)
    login = Login.of_environment()
    login = Login(
        options.user or login.user, options.password or login.password, options.token or login.token
    )
    options.sandbox = Emulator(options.url, login).sandbox(options.sandbox)
    return options


def _command(
    found: "argparse._SubParsersAction[argparse.ArgumentParser]",
    command: Command,
    name: str,
    summary: str,
    more: str = "",
) -> argparse.ArgumentParser:
    """A command that operates a sandbox."""
    text = f"{summary[0].upper()}{summary[1:]}.\n\n{more}"
    parser = found.add_parser(
        name, help=summary, description=text, epilog=_WHERE, formatter_class=_FORM, allow_abbrev=False
    )
    parser.set_defaults(command=command)
    parser.add_argument("--sandbox", metavar="NAME", default="default", help="by default the sandbox default")
    url = os.environ.get("PSN_EMULATOR_URL") or _URL
    parser.add_argument(
        "--url", default=url, help="where the emulator is, by default " + url.replace("%", "%%")
    )
    parser.add_argument("--user", help="who operates it, rather than PSN_EMULATOR_USER")
    parser.add_argument(
        "--password", help="the password, rather than PSN_EMULATOR_PASSWORD: processes see it"
    )
    parser.add_argument(
        "--token",
        help="an access token in the place of both, rather than PSN_EMULATOR_TOKEN: processes see it",
    )
    return parser


def _version() -> str:
    """The version of the installed package; a checkout has none."""
    try:
        return version(_PROGRAM)
    except PackageNotFoundError:
        return "of a checkout"
