"""The one logger: one JSON line a record, with secrets masked.

Every line of a request has ``service``, ``image_tag``, ``release``, ``sandbox``, ``request_id`` and
``correlation_id``. Code never logs a password, token or e-mail address on purpose; the serializer masks those that
get into a line all the same, for example in a library's error text.
"""

import json
from typing import Any

from utils.lazy_module import lazy_module
from utils.masking import shown

with (
    lazy_module("aws_lambda_powertools.metrics"),
    lazy_module("aws_lambda_powertools.tracing"),
    lazy_module("aws_lambda_powertools.utilities.jmespath_utils"),
):
    from aws_lambda_powertools.logging import Logger


def _serialize(record: dict[str, Any]) -> str:
    """The line; half a character, as JSON may escape one, is ``?``, for no encoding has it and all would be lost."""
    line = json.dumps(shown(record), ensure_ascii=False)
    return line if line.isascii() else line.encode("utf-8", "replace").decode()


logger = Logger(json_serializer=_serialize, use_rfc3339=True, utc=True, serialize_stacktrace=False)
"""Import this one; its service name and level come from the environment as Powertools reads it."""
