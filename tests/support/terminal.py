"""A terminal for a command that shows its progress live: what a person would have seen on it."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyte

COLUMNS, LINES = 120, 50


@dataclass(frozen=True)
class Watched:
    """What a command showed: its exit code, and every state in which the screen was."""

    code: int
    screens: list[str]

    @property
    def last(self) -> str:
        """What was left on the screen."""
        return self.screens[-1]

    def showed(self, *texts: str) -> bool:
        """Whether one line of one screen held all the texts at once."""
        lines = {line for screen in self.screens for line in screen.splitlines()}
        return any(all(text in line for text in texts) for line in lines)


class Screen:
    """A screen and all that was on it."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.states: list[str] = []

    def feed(self, output: bytes) -> None:
        """Takes what a program wrote."""
        self._stream.feed(output)
        text = "\n".join(line.rstrip() for line in self._screen.display).rstrip()
        if self.states[-1:] != [text]:
            self.states.append(text)


def watch(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Watched:
    """Runs a command to its end on a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    variables = {name: value for name, value in environment.items() if name not in {"NO_COLOR", "CI"}}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables | {"TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        screen = Screen()
        while output := _read(ours):
            screen.feed(output)
        os.close(ours)
    return Watched(running.returncode, screen.states)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux tells that nobody holds the other end
        return b""
