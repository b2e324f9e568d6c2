"""A server of the emulator for one run of tests, started when the first of them needs it."""

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from threading import Lock
from typing import IO

COMMAND = "psn-partner-emulator"
_SERVING = re.compile(r"^Serving (https?://\S+)", re.MULTILINE)
"""The line in which it says that it answers, and where."""
_ENDS_WITH_INPUT = "PSN_EMULATOR_ENDS_WITH_INPUT"
_START_SECONDS = 30
_POLL_SECONDS = 0.02
_STOP_SECONDS = 10


class ServerError(Exception):
    """The server does not start; the text says why and what to do."""


class Server:
    """``psn-partner-emulator serve`` with ``arguments``, on a free port of this machine."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self._arguments = arguments
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._url: str | None = None
        self._failure: ServerError | None = None

    def url(self) -> str:
        """Its base URL; the first call starts it and waits until it serves. Raises ``ServerError``, each time the
        same."""
        with self._lock:
            if self._failure is None and self._url is None:
                try:
                    self._url = self._start()
                except ServerError as error:
                    self._failure = error
            if self._failure is not None:
                raise self._failure
            return str(self._url)

    def stop(self) -> None:
        """Ends it, if it was started."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def _start(self) -> str:
        command = [_command(), "serve", "--port", "0", *self._arguments]
        with tempfile.TemporaryFile() as log:
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # which ends with this process, and the server with it
                env={**os.environ, _ENDS_WITH_INPUT: "1"},
                stdout=log,
                stderr=log,
                start_new_session=os.name
                == "posix",  # Ctrl-C is for pytest, which ends it when the tests have ended
            )
            until = time.monotonic() + _START_SECONDS
            while time.monotonic() < until:
                ended = process.poll()
                said = _written(log)
                if serving := _SERVING.search(said):
                    return serving[1]
                if ended is not None:
                    raise ServerError(f"{COMMAND} does not start: {_gist(said) or f'it ended with {ended}'}")
                time.sleep(_POLL_SECONDS)
            self.stop()
            raise ServerError(
                f"{COMMAND} does not serve after {_START_SECONDS} s: {_gist(said) or 'it is silent'}"
            )


def _command() -> str:
    """The command's path: of this interpreter's environment, else as ``PATH`` has it. Raises ``ServerError``."""
    folders = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)))
    if found := shutil.which(COMMAND, path=folders):
        return found
    raise ServerError(
        f"There is no {COMMAND} here: install it beside the tests (pip install dist/*.whl, Python 3.13) or for itself "
        "(uv tool install --python 3.13 dist/psn_partner_emulator-*.whl), the wheels that its `make wheel` builds, or "
        "name one that runs by PSN_EMULATOR_URL."
    )


def _written(log: IO[bytes]) -> str:
    """What is in the log; the process that writes to it goes on at its end."""
    return os.pread(log.fileno(), 1 << 16, 0).decode(errors="replace")


def _gist(said: str) -> str:
    """The last lines, as one."""
    return " / ".join(line.strip() for line in said.splitlines()[-3:])
