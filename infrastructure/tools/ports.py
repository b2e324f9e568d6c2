"""Finds out whether a port of this machine is free, and which program listens on it."""

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from infrastructure.tools import processes

_LISTENING = "0A"


def is_free(port: int, addresses: tuple[str, ...] = ("127.0.0.1",)) -> bool:
    """Whether a program could listen on ``port`` at each of the addresses."""
    for address in addresses:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def owner(port: int) -> str:
    """The program that listens on ``port``: ``nginx (process 4711)``, or ``another program`` where that is unknown."""
    if sys.platform == "linux" and (program := _owner_by_proc(port)):
        return program
    if shutil.which("lsof"):
        outcome = processes.run(["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"], limit=10)
        fields = {line[0]: line[1:] for line in outcome.output.splitlines() if line}
        if {"p", "c"} <= fields.keys():
            return f"{fields['c']} (process {fields['p']})"
    return "another program"


def _owner_by_proc(port: int) -> str | None:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(descriptor.readlink()) in sockets:
                process = descriptor.parents[1]
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue  # the process ended meanwhile, or is not ours to look into
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rsplit(":", 1)[1], 16) == port:
                yield fields[9]
