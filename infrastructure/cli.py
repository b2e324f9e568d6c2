"""The command line behind the make targets: ``python -m infrastructure.cli --help``."""

import os
import sys
import threading
import traceback
import warnings
from pathlib import Path

from infrastructure.commands import command_line
from infrastructure.errors import DeployError
from infrastructure.tools import paths, private, proxies

_TABLE = paths.ROOT / "routes.py"
_LOGIN = ("pulumi_access_token", "pulumi login", "unauthorized", "access token", "credential", "expiredtoken")
"""Parts of what the engine says where nobody is logged in to its backend, or to the AWS account of that."""

_CONTINUATION = "The next deploy goes on from where this one stopped; make history tells what is live."


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit code. A failure is one line of cause and one of remedy, unless ``DEBUG`` is set."""
    if not os.environ.get("DEBUG"):
        _silence_leftovers()
    proxies.exempt_loopback()
    options = None
    try:
        options = command_line.parse(arguments)
        command: command_line.Command = options.command
        with private.files():
            return command(options)
    except DeployError as error:
        if os.environ.get("DEBUG"):
            traceback.print_exc()
        _fail(error.cause, error.remedy)
    except KeyboardInterrupt:
        if getattr(options, "follow", False):
            return 0  # the only way to end it
        changes = getattr(options, "changes_stack", False) and not getattr(options, "dry_run", False)
        _fail("Interrupted.", _CONTINUATION if changes else "")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        if os.environ.get("DEBUG"):
            raise
        _fail(*_explain(error))
    return 1


def _explain(error: Exception) -> tuple[str, str]:
    """The cause and the remedy of an error that is no ``DeployError``."""
    if line := _broken_line(error):
        reason = error.msg if isinstance(error, SyntaxError) else _gist(str(error))
        cause = f"routes.py cannot be read: {type(error).__name__}: {reason}, routes.py:{line}"
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
    """The line of routes.py that raised ``error`` while it was imported; ``None`` where another file did."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames if frame.name == "<module>"]
    if isinstance(error, SyntaxError):
        places.append((str(error.filename), error.lineno))
    return next((line for file, line in places if Path(file).resolve() == _TABLE), None)


def _gist(text: str) -> str:
    """The line of an error's text that says most: the last with ``error:`` in it, else the first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line]
    return (errors or lines[:1] or ["no more is known"])[-1]


def _silence_leftovers() -> None:
    """Keeps threads and coroutines that a failed or interrupted engine leaves from printing tracebacks and warnings."""
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
