"""Reading secrets: from AWS Secrets Manager, or from a file that is named by ``file:`` and its path."""

import json
from typing import Any

from utils.aws import call, client

_FILE = "file:"


def prepare(name: str) -> None:
    """Get ready what reading the secret ``name`` needs."""
    if not name.startswith(_FILE):
        client("secretsmanager")


def read_json(name: str) -> dict[str, Any]:
    """The JSON object in the current version of the secret ``name`` (a name, an ARN or ``file:PATH``); every call
    reads it anew.

    Raises :class:`ThrottledException` and :class:`UnavailableException` when Secrets Manager does not answer,
    botocore's ``ClientError`` or ``OSError`` when the secret may not be read and ``ValueError`` when it holds no JSON
    object; no error carries the secret's value.
    """
    try:
        value = json.loads(_text(name))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"the secret {name} is not a JSON object")
    return value


def _text(name: str) -> str:
    if name.startswith(_FILE):
        from pathlib import Path

        return Path(name.removeprefix(_FILE)).read_text("utf-8")
    text: str = call("secretsmanager", "get_secret_value", SecretId=name)["SecretString"]
    return text
