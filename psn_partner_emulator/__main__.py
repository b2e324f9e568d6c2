"""The command ``psn-partner-emulator``: ``serve`` runs the application, the others ask one that runs."""

import os
import signal
import sys
from pathlib import Path
from threading import Thread

_ENDS_WITH_INPUT = "PSN_EMULATOR_ENDS_WITH_INPUT"
"""The variable by which who starts a server has it end with itself."""
_HERE = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit code: 0, 1 where ``verify`` finds it otherwise, 2 where a command cannot be carried
    out, which is told in one line."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["serve"]:
        return _serve(words[1:])
    # Not for the server, each of whose processes imports this module.
    from psn_partner_emulator import command_line
    from psn_partner_emulator.testing import EmulatorError

    try:
        options = command_line.parse(words)
        command: command_line.Command = options.command
        return command(options)
    except EmulatorError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    return 2


def application() -> Path:
    """The folder of the application: in the wheel beside this module, in a checkout the project's."""
    nested = _HERE / "application"
    return nested if nested.is_dir() else _HERE.parent


def _serve(arguments: list[str]) -> int:
    """Runs the application in this process and those that it starts: their path begins with its folder, and has not
    the current one."""
    folder = str(application())
    sys.path.insert(0, folder)
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path not in {"", folder}]
    os.environ |= {"PYTHONPATH": os.pathsep.join([folder, *others]), "PYTHONSAFEPATH": "1"}
    if os.environ.pop(_ENDS_WITH_INPUT, None):
        Thread(target=_end_with_input, daemon=True).start()
    from serve.__main__ import main as serve

    return serve(arguments, "psn-partner-emulator serve")


def _end_with_input() -> None:
    """Ends this process when its standard input does: with the process that holds it, however that ends."""
    while os.read(sys.stdin.fileno(), 1 << 10):
        pass
    os.kill(os.getpid(), signal.SIGTERM)  # its main thread, which a signal of this thread does not wake


if __name__ == "__main__":
    sys.exit(main())
