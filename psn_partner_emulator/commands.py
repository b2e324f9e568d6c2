"""What the command line does with a sandbox of an emulator that runs."""

import argparse
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psn_partner_emulator.testing import EmulatorError, VerificationError

SEEDS = ("empty", "default", "large-1000")
"""The seeds that have names."""

MATCHED = {
    "method": "the method",
    "path": "the path under the base URL; * is a segment, ** at the end all others",
    "client_id": "the client",
    "sub": "the user",
    "player_id": "the player in the path",
}
"""What ``verify`` is told of the requests that are meant, each a text."""

COUNTS = ("exactly", "at_least", "at_most")


def seed(options: argparse.Namespace) -> int:
    """Has the sandbox hold the seed that was named, or that of a file."""
    document = options.seed if options.seed in SEEDS else _seed_of(options.seed)
    declared = {} if options.ttl is None else {"ttl": options.ttl}
    _say(options.sandbox.seed(document, **declared))
    return 0


def reset(options: argparse.Namespace) -> int:
    """Has the sandbox hold its seed."""
    _say(options.sandbox.reset())
    return 0


def export(options: argparse.Namespace) -> int:
    """Writes the state of the sandbox, a document a line; a file that is there is replaced when all of it is known. It
    is for its owner alone, for it has users and clients in it."""
    text = "".join(f"{json.dumps(page, ensure_ascii=False)}\n" for page in options.sandbox.export())
    if options.file == "-":
        sys.stdout.write(text)
        return 0
    try:
        with open(options.file, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
    except OSError as error:
        raise EmulatorError(f"{options.file} cannot be written: {error.strerror}") from error
    print(f"{options.file} has what {options.sandbox.base_url} holds")
    return 0


def _private(path: str, flags: int) -> int:
    """Opens a file for its owner alone; whatever is no file stays as it is."""
    number = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(number).st_mode):
        os.fchmod(number, 0o600)
    return number


def load(options: argparse.Namespace) -> int:
    """Has the sandbox hold the state that is in a file of :func:`export`."""
    name = _title(options.file)
    pages = list(_documents(_text(options.file), name))
    if not pages:
        raise EmulatorError(f"{name} is empty")
    options.sandbox.import_(*pages)
    print(f"{options.sandbox.base_url} holds what is in {name}")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Says whether the sandbox has had the requests; 1 where it has not."""
    names = (*MATCHED, "status", *COUNTS, "within")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    if options.question is not None and given:
        others = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise EmulatorError(f"--question is all that is asked: leave out {others}, or ask for it there")
    question = None if options.question is None else _question(options.question)
    options.sandbox.about()  # which asking would begin, and find that it has had no requests
    try:
        if question is not None:
            answer = options.sandbox.requests.ask(question)
        else:
            answer = options.sandbox.requests.verify(**given)
    except VerificationError as error:
        print(error)
        return 1
    count = answer["actual"]["count"]
    print("as expected" if count is None else f"as expected: {count}")
    return 0


def _seed_of(file: str) -> dict[str, Any]:
    try:
        return _document(file)
    except EmulatorError as error:
        if file == "-" or Path(file).exists():
            raise
        raise EmulatorError(f"{error}; seeds that have names are {', '.join(SEEDS)}") from error


def _question(text: str) -> dict[str, Any]:
    try:
        question: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise EmulatorError(f"--question is no JSON: {error}") from error
    return question


def _documents(text: str, name: str) -> Iterator[dict[str, Any]]:
    """The JSON documents that follow on each other in ``text``."""
    decoder, position = json.JSONDecoder(), 0
    while text[position:].strip():
        position = len(text) - len(text[position:].lstrip())
        try:
            document, position = decoder.raw_decode(text, position)
        except ValueError as error:
            raise EmulatorError(f"{name} is no export: {error}") from error
        yield document


def _document(file: str) -> dict[str, Any]:
    """The seed in a file, which is YAML or JSON, of which YAML is a superset."""
    import yaml  # half of what such a command takes to start

    text = _text(file)
    try:
        content = json.loads(text) if file.endswith(".json") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise EmulatorError(f"{_title(file)} is no YAML or JSON: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise EmulatorError(
            f"{_title(file)} is no seed: it has to have users, clients, players, statistics or a clock"
        )
    return content


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise EmulatorError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EmulatorError(f"{_title(file)} is no UTF-8 text") from error


def _title(file: str) -> str:
    return "standard input" if file == "-" else file


def _say(sandbox: dict[str, Any]) -> None:
    ends = f", until {sandbox['ends_at']}" if sandbox["ends_at"] else ""
    print(f"{sandbox['base_url']} holds its seed ({sandbox['seed']}){ends}")
