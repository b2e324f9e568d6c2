"""A local AWS of the tests' own, on a free port, gone with its state when they are over."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """The base URL of a local AWS that keeps nothing; its log is in ``folder``."""
    port = _free_port()
    foreign = ("AWS_", "LAMBDA_", "MINISTACK_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {
        "GATEWAY_PORT": str(port),
        "STATE_DIR": str(folder / "state"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait(process, folder / "log")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server says that it runs; what it says later goes to ``log``."""
    said = []
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        if b"Running on" in line:
            threading.Thread(target=_keep, args=(process, log), daemon=True).start()
            return
    raise RuntimeError(f"the local AWS did not start:\n{b''.join(said).decode()}")


def _keep(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.stdout
    with log.open("wb") as target:
        shutil.copyfileobj(process.stdout, target)
