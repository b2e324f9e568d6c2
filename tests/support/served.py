"""The API served on this machine by ``python -m serve``, in processes of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STARTED = re.compile(r"Serving (\S+) ")
_STOP_SECONDS = 40


@dataclass(frozen=True)
class Served:
    """A server that answers at ``url``."""

    url: str
    process: subprocess.Popen[str]

    @property
    def processes(self) -> list[int]:
        """Its own id and those of all that it has started."""
        found, known = [self.process.pid], children()
        for pid in found:
            found += known.get(pid, [])
        return found

    @property
    def workers(self) -> list[int]:
        """The ids of the processes that carry out functions: those that the fork server has forked."""
        known = children()
        return [
            pid
            for child in known.get(self.process.pid, [])
            if "forkserver" in _command(child)
            for pid in known.get(child, [])
        ]

    @property
    def memory(self) -> int:
        """The bytes that its processes have in memory, those that they share counted once (PSS, proc(5))."""
        return sum(map(resident, self.processes))


def resident(pid: int) -> int:
    """The bytes that a process has in memory, its part of what it shares with others."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def children() -> Mapping[int, list[int]]:
    """The processes of this machine by the one that started them."""
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            found.setdefault(parent, []).append(int(folder.name))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def make_certificate(folder: Path, *names: str) -> None:
    """Writes ``cert.pem`` and ``key.pem``, of a certificate that signs itself and is good for two days, for the
    ``names``, as ``DNS:localhost`` or ``IP:127.0.0.1``."""
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
    whose = ["-subj", "/CN=emulator", "-addext", f"subjectAltName={','.join(names)}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", *kind, *whose, *files], check=True, capture_output=True)


def command(*options: str) -> list[str]:
    """The command that serves."""
    return [sys.executable, "-m", "serve", *options]


def environment() -> dict[str, str]:
    """What a shell gives it: nothing of the tests', and compiled modules are kept."""
    unset = ("PYTHONDONTWRITEBYTECODE", "DEBUG", "IMAGE_TAG", "RELEASE")
    return {name: value for name, value in os.environ.items() if name not in unset}


@contextmanager
def serving(
    *options: str, folder: Path = ROOT, port: int = 0, most_bytes: int | None = None
) -> Iterator[Served]:
    """A server while the block runs; ``port`` 0 is any that is free, ``most_bytes`` what each of its files may have."""
    limited = ["prlimit", f"--fsize={most_bytes}"] if most_bytes else []
    process = subprocess.Popen(
        [*limited, *command("--port", str(port), *options)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            started = _STARTED.match(process.stdout.readline())
            assert started, "the server does not come up"
            yield Served(started[1], process)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
