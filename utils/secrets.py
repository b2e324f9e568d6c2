"""Reading secrets from AWS Secrets Manager."""

import json
from typing import Any

from utils.aws import call


def read_json(name: str) -> dict[str, Any]:
    """The JSON object in the current version of the secret ``name`` (a name or an ARN); every call reads it anew.

    Raises :class:`ThrottledException` and :class:`UnavailableException` when Secrets Manager does not answer,
    botocore's ``ClientError`` when the secret may not be read and ``ValueError`` when it holds no JSON object; no error
    carries the secret's value.
    """
    text = call("secretsmanager", "get_secret_value", SecretId=name)["SecretString"]
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"the secret {name} is not a JSON object")
    return value
