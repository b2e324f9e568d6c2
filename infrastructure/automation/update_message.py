"""The message that an update leaves in the history of its stack: which release it brought, how, and by whom."""

import getpass
import os
import re
from dataclasses import dataclass

_MESSAGE = re.compile(r"(?P<tag>\d{8}-\d{6}-[0-9a-f]{8}) (?P<kind>.*?)(?: by (?P<by>.*))?")


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """What the message of an update says: the ``tag`` of the release that it brought, the ``kind`` of update, such as
    ``rollback``, and who made it, empty where that is not known."""

    tag: str
    kind: str
    by: str


def parse_message(message: str) -> UpdateMessage | None:
    """What is in a message that ``update_message`` wrote; ``None`` for another."""
    match = _MESSAGE.fullmatch(message)
    return UpdateMessage(match["tag"], match["kind"], match["by"] or "") if match else None


def update_message(tag: str, kind: str) -> str:
    """The message of an update that brings the release ``tag``: ``<tag> <kind> by <user>``."""
    return f"{tag} {kind} by {os.environ.get('GITHUB_ACTOR') or _user()}"


def _user() -> str:
    try:
        return getpass.getuser()
    except OSError:  # a container's user need not have a name
        return str(os.getuid())
